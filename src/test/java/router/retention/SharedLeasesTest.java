package router.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static router.retention.Ledgers.A;
import static router.retention.Ledgers.HOLDS;
import static router.retention.Ledgers.MINUTE;
import static router.retention.Ledgers.SETTINGS;
import static router.retention.Ledgers.terms;

import inference.SessionId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Leases of several sessions: they live as long as any of them needs them. */
class SharedLeasesTest {
    private static final SessionId ONE = new SessionId("one");
    private static final SessionId OTHER = new SessionId("other");

    private final Ledgers ledgers = new Ledgers(SETTINGS).up(A, 1, HOLDS);

    private List<SessionId> owners() {
        return ledgers.lease(1).owners().stream().map(Owner::session).toList();
    }

    @Test
    void theLastOwnerEndsIt() {
        ledgers.join(terms(1, 1), ONE, MINUTE);
        ledgers.join(terms(1, 1), OTHER, MINUTE.multipliedBy(2));
        assertEquals(List.of(ONE, OTHER), owners());
        assertEquals(Duration.ofMinutes(2), ledgers.lease(1).remaining(ledgers.now));

        ledgers.leave(1, ONE);
        assertTrue(ledgers.state(1).open());
        assertEquals(List.of(OTHER), owners());
        ledgers.leave(1, OTHER);
        assertEquals(EndReason.OWNER, ledgers.ending(1));
    }

    @Test
    void anOwnerWhoseTimeIsOverKeepsNothingUp() {
        ledgers.join(terms(1, 1), ONE, Duration.ofSeconds(10));
        ledgers.join(terms(1, 1), OTHER, MINUTE);
        ledgers.now = ledgers.now.plusSeconds(11);
        ledgers.leave(1, OTHER);
        assertEquals(EndReason.OWNER, ledgers.ending(1));
    }

    @Test
    void whoIsNotAnOwnerEndsNothing() {
        ledgers.join(terms(1, 1), ONE, MINUTE);
        ledgers.leave(1, OTHER);
        ledgers.leave(2, OTHER);
        assertTrue(ledgers.state(1).open());
    }

    @Test
    void joiningAgainSoonStoresNothing() {
        ledgers.join(terms(1, 1), ONE, MINUTE);
        int events = ledgers.events.size();
        ledgers.now = ledgers.now.plusSeconds(10);
        assertInstanceOf(LeaseAnswer.Granted.class, ledgers.join(terms(1, 1), ONE, MINUTE));
        assertEquals(events, ledgers.events.size());

        ledgers.now = ledgers.now.plusSeconds(20);
        ledgers.join(terms(1, 1), ONE, MINUTE);
        assertEquals(MINUTE, ledgers.lease(1).remaining(ledgers.now));
        ledgers.join(terms(1, 1), ONE, MINUTE.multipliedBy(60));
        assertEquals(Duration.ofHours(1), ledgers.lease(1).remaining(ledgers.now));
    }

    @Test
    void itIsOpenExactlyWhileSomebodyNeedsIt() {
        Random random = new Random(11);
        for (int run = 0; run < 50; run++) {
            Ledgers book = new Ledgers(SETTINGS).up(A, 1, HOLDS);
            Map<SessionId, java.time.Instant> needs = new HashMap<>();
            for (int step = 0; step < 60; step++) {
                SessionId who = new SessionId("session-" + random.nextInt(5));
                if (random.nextInt(3) == 0) {
                    book.leave(1, who);
                    needs.remove(who);
                } else {
                    Duration time = Duration.ofSeconds(5 + random.nextInt(60));
                    book.join(terms(1, 1), who, time);
                    needs.merge(
                            who, book.now.plusMillis((long) (time.toMillis() * 0.75)), (a, b) -> a.isAfter(b) ? a : b);
                }
                book.tick(Duration.ofMillis(random.nextInt(8000)));
                boolean needed = needs.values().stream().anyMatch(until -> until.isAfter(book.now));
                assertTrue(!needed || book.book.lease(Ledgers.id(1)).isPresent(), "somebody needs it, but it is over");
            }
        }
    }
}
