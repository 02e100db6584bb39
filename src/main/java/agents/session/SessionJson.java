package agents.session;

import inference.DurableValues;
import inference.TurnId;

/**
 * How the durable schema of sessions writes values.
 *
 * <p>Thread-safety: immutable once registered.
 */
public final class SessionJson extends DurableValues {

    public SessionJson() {
        super("agents.session");
        text(TurnId.class, TurnId::value, TurnId::new);
    }
}
