package agents.session;

import agents.session.SessionEvent.CloseReason;
import agents.session.SessionEvent.Controlled;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import kv.SequenceHash;
import org.jspecify.annotations.Nullable;

/** What comes of a {@link Control}. Stateless. */
public final class Controls {
    private Controls() {}

    /** Answer to a control. */
    public sealed interface Answer {}

    /**
     * It is done, once its events are stored.
     *
     * @param events what happens; none when it was done before under the same request id
     * @param taken the control as it was done
     */
    public record Taken(Controlled taken, List<SessionEvent> events) implements Answer {
        public Taken {
            events = List.copyOf(events);
        }
    }

    /** It contradicts what the session is or was told. */
    public record Conflict(String reason) implements Answer {}

    /** It names something that the session does not have. */
    public record Unknown(String what) implements Answer {}

    /**
     * Decides a control.
     *
     * @param request names the request, so that it is done once; null when it may be done again
     * @param busy lines of prompts on which turns run
     */
    public static Answer decide(
            SessionState session, Control control, @Nullable String request, Set<Integer> busy, Instant at) {
        Optional<Controlled> earlier = session.controls().stream()
                .filter(taken -> request != null && request.equals(taken.request()))
                .findFirst();
        if (earlier.isPresent()) {
            return earlier.get().control().equals(control)
                    ? new Taken(earlier.get(), List.of())
                    : new Conflict("request '" + request + "' asked for something else before");
        }
        if (control instanceof Control.Close) {
            Controlled taken = new Controlled(request, control, List.of(), null, at);
            List<SessionEvent> events = new ArrayList<>(List.of(taken));
            session.close(CloseReason.REQUESTED, at).ifPresent(events::add);
            return new Taken(taken, events);
        }
        if (session.closed()) {
            return new Conflict("the session is closed");
        }
        return control instanceof Control.Compact compact
                ? compact(session, compact, request, busy, at)
                : onLine(session, control, request, at);
    }

    private static Answer compact(
            SessionState session, Control.Compact compact, @Nullable String request, Set<Integer> busy, Instant at) {
        for (int id : compact.frontiers()) {
            if (line(session, id).isEmpty()) {
                return new Unknown("frontier " + id);
            }
            if (busy.contains(id)) {
                return new Conflict("a turn runs on frontier " + id);
            }
        }
        int newest = last(session).map(Frontier::id).orElse(-1);
        List<Integer> dead = session.frontiers().stream()
                .filter(Frontier::live)
                .map(Frontier::id)
                .filter(id -> compact.frontiers().isEmpty()
                        ? id != newest && !busy.contains(id)
                        : compact.frontiers().contains(id))
                .toList();
        Controlled taken = new Controlled(request, compact, dead, null, at);
        return new Taken(taken, List.of(taken));
    }

    private static Answer onLine(SessionState session, Control control, @Nullable String request, Instant at) {
        Integer named = named(control);
        Optional<Frontier> line = named == null ? last(session) : line(session, named);
        if (line.isEmpty()) {
            return new Unknown(named == null ? "line of prompts" : "frontier " + named);
        }
        KeptPoint kept = null;
        if (control instanceof Control.Keep keep) {
            Optional<KeptPoint> found = point(line.get(), keep);
            if (found.isEmpty()) {
                return new Unknown("prefix of a full block with that end");
            }
            kept = found.get();
        }
        Controlled taken = new Controlled(request, control, List.of(line.get().id()), kept, at);
        return new Taken(taken, List.of(taken));
    }

    private static @Nullable Integer named(Control control) {
        if (control instanceof Control.Stall stall) {
            return stall.frontier();
        } else if (control instanceof Control.Resume resume) {
            return resume.frontier();
        } else if (control instanceof Control.Fork fork) {
            return fork.frontier();
        }
        return control instanceof Control.Keep keep ? keep.frontier() : null;
    }

    private static Optional<KeptPoint> point(Frontier line, Control.Keep keep) {
        SequenceHash wanted = keep.tail() == null ? line.tip().tail() : keep.tail();
        return Stream.concat(Stream.of(line.system()), line.checkpoints().stream())
                .filter(point -> point.tail() != null && point.tail().equals(wanted))
                .findFirst()
                .flatMap(point -> Optional.ofNullable(point.tail())
                        .map(tail -> new KeptPoint(point.blocks(), tail, keep.ttlMillis(), keep.copies())));
    }

    private static Optional<Frontier> line(SessionState session, int id) {
        return session.frontiers().stream().filter(line -> line.id() == id).findFirst();
    }

    /** The live line that was used last. */
    private static Optional<Frontier> last(SessionState session) {
        return session.frontiers().stream().filter(Frontier::live).max(Comparator.comparingLong(Frontier::lastTurn));
    }
}
