package cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.Map;
import java.util.Objects;

/**
 * How to reach the session store. The password stays out of {@link #toString}.
 *
 * <p><em>Thread-safety:</em> immutable.
 */
public record StoreConnection(String host, int port, String database, String user, String password) {
    private static final String PATH = "akka.persistence.r2dbc.connection-factory";

    public StoreConnection {
        Objects.requireNonNull(host);
        Objects.requireNonNull(database);
        Objects.requireNonNull(user);
        Objects.requireNonNull(password);
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port " + port);
        }
    }

    /** The store that a whole, resolved configuration names. */
    static StoreConnection of(Config config) {
        Config given = config.getConfig(PATH);
        return new StoreConnection(
                given.getString("host"),
                given.getInt("port"),
                given.getString("database"),
                given.getString("user"),
                given.getString("password"));
    }

    /** The overrides of {@code akka.persistence.r2dbc.connection-factory} that lead there. */
    public Config toConfig() {
        return ConfigFactory.parseMap(
                        Map.of(
                                "host", host,
                                "port", port,
                                "database", database,
                                "user", user,
                                "password", password),
                        "the embedded session store")
                .atPath(PATH);
    }

    /** The same for a plain R2DBC client. */
    public ConnectionFactoryOptions toOptions() {
        return ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "postgresql")
                .option(ConnectionFactoryOptions.HOST, host)
                .option(ConnectionFactoryOptions.PORT, port)
                .option(ConnectionFactoryOptions.DATABASE, database)
                .option(ConnectionFactoryOptions.USER, user)
                .option(ConnectionFactoryOptions.PASSWORD, password)
                .build();
    }

    @Override
    public String toString() {
        return "postgresql://" + user + "@" + host + ":" + port + "/" + database;
    }
}
