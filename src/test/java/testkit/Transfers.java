package testkit;

import workers.status.TransferModel;

/** Speeds of links in tests: those of the measured machine. Stateless. */
public final class Transfers {
    public static final TransferModel MODEL = new TransferModel(1L << 30, 131_072, 14e9, 7e9, 64e9);

    private Transfers() {}
}
