package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RequestPlacesTest {
    private final List<String> started = new ArrayList<>();
    private final List<CompletableFuture<Void>> open = new ArrayList<>();

    private CompletableFuture<Void> run(RequestPlaces places, boolean isUrgent, String name) {
        return places.run(isUrgent, () -> {
            started.add(name);
            CompletableFuture<Void> request = new CompletableFuture<>();
            open.add(request);
            return request;
        });
    }

    @Test
    void requests_beyondThePlaces_waitInOrder_theUrgentFirst() {
        RequestPlaces places = new RequestPlaces(2);
        CompletableFuture<Void> first = run(places, false, "a");
        run(places, false, "b");
        run(places, false, "c");
        run(places, false, "d");
        run(places, true, "urgent");
        assertThat(started).containsExactly("a", "b");
        open.get(0).complete(null);
        assertThat(first).isCompleted();
        assertThat(started).containsExactly("a", "b", "urgent");
        open.get(1).completeExceptionally(new IllegalStateException("refused"));
        open.get(2).complete(null);
        assertThat(started).containsExactly("a", "b", "urgent", "c", "d");
    }

    @Test
    void requestsThatFailAtOnce_makeRoomForTheNext_howeverManyTheyAre() {
        RequestPlaces places = new RequestPlaces(1);
        CompletableFuture<Void> first = new CompletableFuture<>();
        places.run(false, () -> first);
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            all.add(places.run(false, () -> CompletableFuture.failedFuture(new IllegalStateException("closed"))));
            all.add(places.run(false, () -> {
                throw new IllegalStateException("closed");
            }));
        }
        first.complete(null);
        assertThat(all).allMatch(CompletableFuture::isCompletedExceptionally);
        assertThat(places.run(false, () -> CompletableFuture.completedFuture(null)))
                .isCompleted();
    }

    @Test
    void dropWaiting_failsWhatHasNoPlace_andNothingElse() {
        RequestPlaces places = new RequestPlaces(1);
        CompletableFuture<Void> underWay = run(places, false, "under way");
        CompletableFuture<Void> waiting = run(places, false, "waiting");
        places.dropWaiting();
        assertThat(waiting).isCancelled();
        assertThat(underWay).isNotDone();
        CompletableFuture<Void> later = run(places, true, "later");
        open.get(0).complete(null);
        open.get(1).complete(null);
        assertThat(later).isCompleted();
        assertThat(started).containsExactly("under way", "later");
    }
}
