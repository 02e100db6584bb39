package router.retention;

import inference.SessionId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * One of the sessions that share a lease.
 *
 * <p>Thread-safety: immutable.
 *
 * @param until how long it needs the lease, unless it says otherwise
 */
public record Owner(SessionId session, Instant until) {
    /** Owners that a lease knows: of more, those that need it longest. The others keep it up, but end nothing. */
    private static final int MAX_KNOWN = 256;

    static List<Owner> joined(List<Owner> owners, Owner owner) {
        List<Owner> all = left(owners, owner.session());
        all.add(owner);
        if (all.size() > MAX_KNOWN) {
            all.remove(all.stream().min(Comparator.comparing(Owner::until)).orElseThrow());
        }
        return all;
    }

    static List<Owner> left(List<Owner> owners, SessionId session) {
        List<Owner> rest = new ArrayList<>(owners);
        rest.removeIf(owner -> owner.session().equals(session));
        return rest;
    }
}
