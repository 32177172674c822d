package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecentRowsTest {
    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");

    private final RecentRows rows = new RecentRows();

    private RecentRows.Row add(String table, long id, Instant time) {
        return rows.add(table, List.of(id), new SelectedRow(new Object[] {id}), time);
    }

    @Test
    void rowThatIsKnown_isToldSo_untilItIsForgotten() {
        assertThat(add("t", 1, NOON)).isNotNull();
        assertThat(add("t", 1, NOON)).isNull();
        assertThat(add("u", 1, NOON)).isNotNull();
        rows.forgetBefore("t", NOON.plusSeconds(1));
        assertThat(add("t", 1, NOON)).isNotNull();
        assertThat(add("u", 1, NOON)).isNull();
    }

    @Test
    void rowThatIsAcknowledgedWhenItIsForgotten_isNotKept() {
        RecentRows.Row old = add("t", 1, NOON);
        RecentRows.Row young = add("t", 2, NOON.plusSeconds(600));
        rows.forgetBefore("t", NOON.plusSeconds(540));
        old.acknowledge();
        assertThat(rows.acknowledged()).isEmpty();
        young.acknowledge();
        assertThat(rows.acknowledged()).hasSize(1);
        assertThat(rows.size()).isEqualTo(1);
    }

    @Test
    void rowThatIsRestored_isKnown_andItsTimeIsThatOfItsReading() {
        RecentRows before = new RecentRows();
        before.add("t", List.of(1L), new SelectedRow(new Object[] {1L}), NOON).acknowledge();
        before.acknowledged().forEach(key -> rows.restore(key, NOON.plusSeconds(60)));
        assertThat(add("t", 1, NOON)).isNull();
        assertThat(rows.acknowledged()).hasSize(1);
        rows.forgetBefore("t", NOON.plusSeconds(1));
        assertThat(rows.acknowledged()).isEmpty();
    }

    @Test
    void moreThanCanBeStored_areNone() {
        for (int id = 0; id <= 20_000; id++) {
            RecentRows.Row row = add("t", id, NOON);
            if (id > 0) {
                row.acknowledge();
            }
        }
        assertThat(rows.isFull()).isTrue();
        assertThat(rows.acknowledged()).hasSize(20_000);
        rows.restore("t[0]#", NOON);
        assertThat(rows.acknowledged()).isEmpty();
        rows.forgetBefore("t", NOON);
        assertThat(rows.isFull()).isFalse();
    }
}
