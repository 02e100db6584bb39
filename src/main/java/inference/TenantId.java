package inference;

/**
 * Whose request it is. Without authentication everybody is {@link #DEFAULT}.
 *
 * <p>Thread-safety: immutable.
 */
public record TenantId(String value) {
    public static final TenantId DEFAULT = new TenantId("default");

    public TenantId {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a tenant's id is empty");
        }
    }

    /** Text that salts every hash of this tenant, here and in engines; empty for {@link #DEFAULT}. */
    public String cacheSalt() {
        return equals(DEFAULT) ? "" : value;
    }
}
