package router.retention;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import inference.DurableValues;
import java.util.HexFormat;
import kv.Epoch;
import kv.Incarnation;
import kv.LeaseId;
import kv.LedgerId;
import kv.Receipt;

/**
 * How the durable schema of the ledger writes values.
 *
 * <p>Thread-safety: immutable once registered.
 */
public final class LedgerJson extends DurableValues {

    public LedgerJson() {
        super("router.retention");
        text(LeaseId.class, LeaseId::toString, hex -> wide(hex, LeaseId::new));
        text(Incarnation.class, Incarnation::toString, hex -> wide(hex, Incarnation::new));
        text(LedgerId.class, LedgerId::toString, hex -> new LedgerId(HexFormat.fromHexDigitsToLong(hex)));
        text(Epoch.class, epoch -> Long.toString(epoch.value()), text -> new Epoch(Long.parseLong(text)));
        setMixInAnnotation(Receipt.class, NamedReceipt.class);
    }

    /** Type names of receipts, fixed for ever. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Receipt.Accepted.class, name = "accepted"),
        @JsonSubTypes.Type(value = Receipt.Bounded.class, name = "bounded"),
        @JsonSubTypes.Type(value = Receipt.Deferred.class, name = "deferred"),
        @JsonSubTypes.Type(value = Receipt.Rejected.class, name = "rejected"),
        @JsonSubTypes.Type(value = Receipt.Unsupported.class, name = "unsupported")
    })
    @JsonInclude(JsonInclude.Include.NON_NULL)
    private interface NamedReceipt {}
}
