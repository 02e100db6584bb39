package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code leases} makes of a node's answer. */
class LeasesCommandTest {
    private static final String MOVED =
            """
            {"id":"1","session":"s","retentionClass":"HISTORY","state":"HELD","prefixBlocks":3,"copies":1,"minCopies":1,
             "storedCopies":0,"remainingSeconds":9.6,"reason":null,"workers":[
              {"worker":"http://a","requested":"HOLD","acknowledged":"ACCEPTED","observed":"MOVED"},
              {"worker":"http://b","requested":"WARM","acknowledged":"ACCEPTED","observed":null},
              {"worker":"http://b","requested":"HOLD","acknowledged":"ACCEPTED","observed":null},
              {"worker":"http://c","requested":"HOLD","acknowledged":null,"observed":null},
              {"worker":"http://d","requested":"HOLD","acknowledged":"REJECTED","observed":null},
              {"worker":"http://e","requested":"HOLD","acknowledged":"BOUNDED","observed":"EVICTED",
               "grantedBlocks":3,"grantedTier":"HOST","grantedSeconds":7.6},
              {"worker":"http://f","requested":"HOLD","acknowledged":"BOUNDED","observed":null,
               "grantedBlocks":2,"grantedTier":"DEVICE","grantedSeconds":9},
              {"worker":"http://g","requested":"HOLD","acknowledged":"BOUNDED","observed":null,
               "grantedBlocks":3,"grantedTier":"HOST","grantedSeconds":9}]}
            """;
    private static final String STORED =
            """
            {"id":"2","session":"s","retentionClass":"HISTORY","state":"HELD","prefixBlocks":3,"copies":1,"minCopies":1,
             "storedCopies":1,"remainingSeconds":9.6,"reason":null,"workers":[
              {"worker":"http://a","requested":"COPY","acknowledged":"ACCEPTED","observed":null}]}
            """;
    private static final String RELEASED =
            """
            {"id":"3","session":"s","retentionClass":"HISTORY","state":"RELEASED","prefixBlocks":3,"copies":1,"minCopies":1,
             "storedCopies":0,"remainingSeconds":0,"reason":"OWNER","workers":[
              {"worker":"http://a","requested":"HOLD","acknowledged":"ACCEPTED","observed":null}]}
            """;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private HttpServer node;

    @BeforeEach
    void start() throws IOException {
        node = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        node.start();
    }

    @AfterEach
    void stop() {
        node.stop(0);
    }

    @Test
    void whoHoldsALeaseNowIsToldApartFromWhatWasAnsweredAndWhatWasObserved() {
        run(List.of(MOVED, STORED, RELEASED));

        assertEquals(
                """
                LEASE  SESSION  CLASS    STATE     BLOCKS  COPIES  REMAINING  HELD BY             WORKERS
                1      s        HISTORY  HELD      3       1/1     10 s       http://b, http://g  http://a HOLD ACCEPTED then MOVED, http://b WARM ACCEPTED, http://b HOLD ACCEPTED, http://c HOLD unanswered, http://d HOLD REJECTED, http://e HOLD BOUNDED (3 blocks in HOST for 8 s) then EVICTED, http://f HOLD BOUNDED (2 blocks in DEVICE for 9 s), http://g HOLD BOUNDED (3 blocks in HOST for 9 s)
                2      s        HISTORY  HELD      3       1/1     10 s       storage             http://a COPY ACCEPTED
                3      s        HISTORY  RELEASED  3       1/1     0 s        -                   http://a HOLD ACCEPTED
                """,
                out.toString());
        assertEquals("", err.toString());
    }

    @Test
    void aListThatTheLimitMayHaveCutSaysSo() {
        run(List.of(MOVED, STORED), "--limit=2");

        assertEquals(
                "there may be more: --limit takes up to 1000, --session lists those of one session\n", err.toString());
    }

    @Test
    void noLeasesAreToldInWords() {
        run(List.of());
        run(List.of(), "--session=nosuch");

        assertEquals("there are no leases\nsession nosuch has no leases\n", err.toString());
    }

    private void run(List<String> leases, String... options) {
        byte[] answer = ("{\"data\":[" + String.join(",", leases) + "]}").getBytes(StandardCharsets.UTF_8);
        node.createContext("/v1/leases", exchange -> {
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        int code = Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(Stream.concat(
                                Stream.of(
                                        "leases",
                                        "--url=http://127.0.0.1:"
                                                + node.getAddress().getPort()),
                                Stream.of(options))
                        .toArray(String[]::new));
        node.removeContext("/v1/leases");
        assertEquals(0, code, err.toString());
    }
}
