package testkit;

import frontend.responses.ResponseStore;
import inference.TenantId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Responses in memory, for ever. */
public final class MemoryResponses implements ResponseStore {
    /** Why nothing can be kept; null when it can. */
    public volatile @Nullable RuntimeException broken;

    private final Map<String, StoredResponse> kept = new ConcurrentHashMap<>();

    @Override
    public CompletionStage<Void> keep(TenantId tenant, StoredResponse response) {
        RuntimeException failure = broken;
        if (failure != null) {
            return CompletableFuture.failedStage(failure);
        }
        kept.put(key(tenant, response.id()), response);
        return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Optional<StoredResponse>> find(TenantId tenant, String id) {
        return CompletableFuture.completedStage(Optional.ofNullable(kept.get(key(tenant, id))));
    }

    @Override
    public CompletionStage<List<StoredResponse>> line(TenantId tenant, String id) {
        List<StoredResponse> line = new ArrayList<>();
        String next = id;
        while (next != null) {
            StoredResponse found = kept.get(key(tenant, next));
            if (found == null) {
                return CompletableFuture.completedStage(List.of());
            }
            line.add(found);
            next = found.previous();
        }
        Collections.reverse(line);
        return CompletableFuture.completedStage(line);
    }

    @Override
    public CompletionStage<Map<String, String>> owners(TenantId tenant, Set<String> items) {
        Map<String, String> owners = new HashMap<>();
        kept.forEach((key, response) -> response.items().stream()
                .filter(item -> items.contains(item) && key.equals(key(tenant, response.id())))
                .forEach(item -> owners.put(item, response.body())));
        return CompletableFuture.completedStage(owners);
    }

    @Override
    public CompletionStage<Boolean> forget(TenantId tenant, String id) {
        return CompletableFuture.completedStage(kept.remove(key(tenant, id)) != null);
    }

    private static String key(TenantId tenant, String id) {
        return tenant.value() + "/" + id;
    }
}
