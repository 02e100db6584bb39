package frontend;

import java.util.concurrent.CompletionStage;

/** Port to the cluster: every metric as it is now. */
@FunctionalInterface
public interface Scrape {

    /** All metrics in Prometheus' text format. */
    CompletionStage<String> text();
}
