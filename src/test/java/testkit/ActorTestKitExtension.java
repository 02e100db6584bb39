package testkit;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An {@link ActorTestKit} for the tests of one class, shut down after them:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final ActorTestKitExtension kit = ActorTestKitExtension.withManualTime();
 * }</pre>
 */
public final class ActorTestKitExtension implements AfterAllCallback {
    /** A system of its own: no cluster, no port. */
    private static final Config LOCAL = ConfigFactory.parseString(
            """
            akka.actor.provider = local
            akka.loglevel = WARNING
            akka.coordinated-shutdown { exit-jvm = off, run-by-actor-system-terminate = off }
            akka.actor.testkit.typed.single-expect-default = 10s
            """);

    private final ActorTestKit kit;

    private ActorTestKitExtension(Config config) {
        kit = ActorTestKit.create(config.withFallback(LOCAL).withFallback(ConfigFactory.defaultReference()));
    }

    /** A kit on real time. */
    public static ActorTestKitExtension create() {
        return new ActorTestKitExtension(ConfigFactory.empty());
    }

    /** A kit on real time with settings on top. */
    public static ActorTestKitExtension with(Config config) {
        return new ActorTestKitExtension(config);
    }

    /** A kit whose timers move only by {@link akka.actor.testkit.typed.javadsl.ManualTime}. */
    public static ActorTestKitExtension withManualTime() {
        return new ActorTestKitExtension(akka.actor.testkit.typed.javadsl.ManualTime.config());
    }

    public ActorTestKit kit() {
        return kit;
    }

    @Override
    public void afterAll(ExtensionContext context) {
        kit.shutdownTestKit();
    }
}
