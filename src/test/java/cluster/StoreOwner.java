package cluster;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Path;

/** A process of its own that starts the store, writes one row, tells so, and waits to be killed. */
final class StoreOwner {

    private StoreOwner() {}

    public static void main(String[] arguments) throws IOException {
        DataDirectory data = DataDirectory.open(Path.of(arguments[0]));
        EmbeddedStore store = EmbeddedStore.start(data, StoreSettings.of(ConfigFactory.load()));
        StoreClient.execute(store.connection(), "CREATE TABLE note (text VARCHAR); INSERT INTO note VALUES ('kept')");
        System.out.println(store.pid());
        int end = System.in.read();
        throw new IllegalStateException("the test ended without killing this process: " + end);
    }
}
