package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PollProgressTest {

    private static PollProgress progress(String state) {
        try {
            return PollProgress.read(state, 5);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static PollCursor place(int number) {
        return PollCursor.START.at(Integer.toString(number));
    }

    private static List<PolledMessage> page(PollProgress progress, int after, String... ids) {
        PollProgress.OpenPage page = new PollProgress.OpenPage(place(after));
        List<PolledMessage> messages = new ArrayList<>();
        for (String id : ids) {
            if (progress.isKnown(id)) {
                progress.skip(page, id, true);
            } else {
                PolledMessage message = new PolledMessage(id, page, "s", PollItem.of(id, id), Instant.EPOCH, null);
                progress.deliver(message);
                messages.add(message);
            }
        }
        progress.add(page);
        return messages;
    }

    @Test
    void place_movesOnlyOverWhatIsCompleteWithoutAGap() {
        PollProgress progress = progress(null);
        List<PolledMessage> first = page(progress, 1, "a", "b");
        List<PolledMessage> second = page(progress, 2, "c");
        page(progress, 3);
        second.forEach(progress::ack);
        assertThat(progress.stored()).isEqualTo(PollCursor.START);
        progress.ack(first.get(1));
        progress.ack(first.get(1));
        assertThat(progress.stored()).isEqualTo(PollCursor.START);
        assertThat(progress.open()).isEqualTo(1);
        progress.ack(first.get(0));
        assertThat(progress.stored()).isEqualTo(place(3));
        assertThat(progress.open()).isZero();
    }

    @Test
    void pagesWithoutAnythingNew_takeNoRoom_whileAMessageIsUnsettled() {
        PollProgress progress = progress(null);
        List<PolledMessage> first = page(progress, 1, "a", "b", "c");
        first.subList(1, 3).forEach(progress::ack);
        for (int i = 2; i <= 1_000; i++) {
            page(progress, i, "c", "b", "a");
        }
        assertThat(progress.kept()).isEqualTo(4);
        progress.ack(first.get(0));
        assertThat(progress.stored()).isEqualTo(place(1_000));
        assertThat(progress.kept()).isZero();
        assertThat(progress.ackedBeyond()).isZero();
        assertThat(page(progress, 1_001, "a", "b", "c")).isEmpty();
    }

    @Test
    void afterACrash_whatWasAcknowledgedBehindAGap_isKnown_alsoInLaterPages() {
        PollProgress before = progress(null);
        List<PolledMessage> first = page(before, 1, "a", "b");
        List<PolledMessage> second = page(before, 2, "c", "d");
        before.ack(first.get(0));
        before.ack(second.get(0));
        PollProgress after = progress(before.write());
        assertThat(after.stored()).isEqualTo(PollCursor.START);
        List<PolledMessage> again = page(after, 1, "a", "b");
        assertThat(again).extracting(m -> m.fingerprint).containsExactly("b");
        after.ack(again.get(0));
        assertThat(after.stored()).isEqualTo(place(1));
        // The first page is complete and forgotten, but the second has not been read yet.
        assertThat(page(after, 2, "c", "d")).extracting(m -> m.fingerprint).containsExactly("d");
    }

    @Test
    void seenIds_areBounded_andTheLatestSightCounts() {
        PollProgress progress = progress(null);
        page(progress, 1, "a", "b", "c", "d", "e").forEach(progress::ack);
        page(progress, 2, "a").forEach(progress::ack);
        page(progress, 3, "f", "g").forEach(progress::ack);
        assertThat(progress.isKnown("a")).isTrue();
        assertThat(progress.isKnown("b")).isFalse();
        assertThat(progress.isKnown("d")).isTrue();
        assertThat(progress(progress.write()).isKnown("a")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "null", "[1]", "{\"version\":2}", "{\"version\":1", "hello", "{\"version\":1} x"})
    void foreignState_isRefused(String state) {
        assertThatThrownBy(() -> PollProgress.read(state, 5)).isInstanceOf(JsonProcessingException.class);
    }

    /** A source of numbered items in pages; acknowledgements in any order, and crashes: nothing is lost, and nothing known comes again. */
    @Test
    void anyOrderOfAcknowledgements_withCrashes_losesNothing() {
        Random random = new Random(9);
        for (int round = 0; round < 300; round++) {
            Set<Integer> acked = new HashSet<>();
            String state = null;
            int last = 60;
            for (int session = 0; session < 6; session++) {
                PollProgress progress = progress(state);
                int at = progress.stored().position() == null
                        ? 0
                        : Integer.parseInt(progress.stored().position());
                List<PolledMessage> open = new ArrayList<>();
                boolean toTheEnd = session == 5;
                while (at < last || (toTheEnd && !open.isEmpty())) {
                    if (at < last && random.nextInt(3) > 0) {
                        int to = Math.min(last, at + 1 + random.nextInt(7));
                        String[] ids = new String[to - at];
                        for (int i = at; i < to; i++) {
                            ids[i - at] = "i" + i;
                        }
                        List<PolledMessage> delivered = page(progress, to, ids);
                        delivered.forEach(
                                m -> assertThat(acked).doesNotContain(Integer.parseInt(m.fingerprint.substring(1))));
                        open.addAll(delivered);
                        at = to;
                    } else if (!open.isEmpty()) {
                        PolledMessage message = open.remove(random.nextInt(open.size()));
                        progress.ack(message);
                        acked.add(Integer.parseInt(message.fingerprint.substring(1)));
                        state = progress.write(); // as settle does
                    }
                    if (!toTheEnd && random.nextInt(15) == 0) {
                        break; // a crash
                    }
                }
            }
            assertThat(acked).hasSize(last);
        }
    }
}
