package cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import testkit.NodeProcess;
import testkit.OperatorView;
import testkit.SimProcess;
import testkit.ToolSession;

/** An engine with a prefix cache and no way to hold anything in it: touches keep a session's context there over a tool call. */
class TouchIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BLOCK = 16;
    private static final int BLOCKS = 1_000;
    private static final int CONTEXT = 400;
    /** Of others' prompts, each: two of them and the context fit into the engine. */
    private static final int PRESSURE = 250;

    private static final int PROMPTS = 8;

    @TempDir
    Path directory;

    @Test
    void r4WhatIsTouchedStaysWhileOthersFillTheCacheTwice() throws Exception {
        try (SimProcess engine = SimProcess.start("--no-hints", "--blocks", "" + BLOCKS);
                NodeProcess node = start(engine, "500ms")) {
            ToolSession session = session(node);
            assertTrue(OperatorView.any(
                    OperatorView.leases(node, "DEGRADED").get(0), "HOLD", "acknowledged", "UNSUPPORTED"));
            for (int i = 0; i < PROMPTS; i++) {
                int before = engine.answered();
                fill(engine, i);
                NodeProcess.await("a touch", PATIENCE, () -> engine.answered() > before + 1);
            }

            assertEquals(0, session.turn(node).computedAgain());
        }
    }

    @Test
    void withoutTouchesItIsGone() throws Exception {
        try (SimProcess engine = SimProcess.start("--no-hints", "--blocks", "" + BLOCKS);
                NodeProcess node = start(engine, "0s")) {
            ToolSession session = session(node);
            for (int i = 0; i < PROMPTS; i++) {
                fill(engine, i);
            }

            assertTrue(session.turn(node).computedAgain() > CONTEXT * BLOCK / 2);
        }
    }

    private NodeProcess start(SimProcess engine, String touchInterval) throws Exception {
        Path config = directory.resolve("touch.conf");
        Files.writeString(
                config,
                SimProcess.setting(engine)
                        + """
                        holdfast {
                          router.leases { touch-interval = %s, tick = 250ms }
                          agents.retention { gap-median = 60s, system-lease = 0s }
                        }
                        """
                                .formatted(touchInterval));
        return NodeProcess.start(directory.resolve("data"), NodeProcess.freePort(), "--config", config.toString());
    }

    /** A session that is away for its tool, its lease asked for. */
    private static ToolSession session(NodeProcess node) {
        ToolSession session = new ToolSession(ToolSession.text("touched", CONTEXT * BLOCK), "go", 2);
        session.turn(node);
        NodeProcess.await(
                "its worker has answered",
                PATIENCE,
                () -> OperatorView.leases(node, "DEGRADED").size() == 1);
        return session;
    }

    private static void fill(SimProcess engine, int number) {
        new ToolSession(ToolSession.text("others " + number, PRESSURE * BLOCK), "go", 1).at(engine);
    }
}
