package workers;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** Event batches as engines encode them, blocks of two tokens. */
final class Payloads {
    private Payloads() {}

    /** A block without parent whose hash is its first token. */
    static byte[] root(int hash) {
        return stored(hash, null);
    }

    /** A block left the device. */
    static byte[] removed(int hash) {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packArrayHeader(2).packDouble(1).packArrayHeader(1);
            packer.packArrayHeader(2).packString("BlockRemoved");
            packer.packArrayHeader(1).packInt(hash);
            return packer.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A block behind another. */
    static byte[] stored(int hash, @org.jspecify.annotations.Nullable Integer parent) {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packArrayHeader(2).packDouble(1).packArrayHeader(1);
            packer.packArrayHeader(6).packString("BlockStored");
            packer.packArrayHeader(1).packInt(hash);
            if (parent == null) {
                packer.packNil();
            } else {
                packer.packInt(parent);
            }
            packer.packArrayHeader(2).packInt(hash).packInt(7).packInt(2).packNil();
            return packer.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
