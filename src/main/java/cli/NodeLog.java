package cli;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Objects;
import org.slf4j.LoggerFactory;

/** The log of a node: everything to a file, what its user should see to the terminal as well. */
final class NodeLog {

    private NodeLog() {}

    /** Directs all logging of this process to {@code file}, by {@code logback-node.xml}. */
    static void writeTo(Path file) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        context.putProperty("node-log", file.toString());
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        URL layout = Objects.requireNonNull(NodeLog.class.getResource("/logback-node.xml"));
        try {
            configurator.doConfigure(layout);
        } catch (JoranException broken) {
            throw new IllegalStateException("logback-node.xml is broken", broken);
        }
    }
}
