package io.pythia.cdc;

import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A row of a poll in one object, since there is one for each message: what it tells, where it stands, and what its acknowledgement does to
 * the place.
 */
final class PolledRow implements Consumer<PollState>, Supplier<ChangeEvent>, PollState.Cursor {
    /**
     * What the rows of a page share.
     *
     * @param newestBefore the greatest value of the column of changes before the round, null in the first one
     */
    record Page(
            PollRound round, PolledTable table, @Nullable Object newestBefore, Instant polledAt) {}

    final Page page;
    private final SelectedRow row;
    /** As what it is remembered within the overlap; null where nothing is. */
    final RecentRows.@Nullable Row recent;

    PolledRow(Page page, SelectedRow row, RecentRows.@Nullable Row recent) {
        this.page = page;
        this.row = row;
        this.recent = recent;
    }

    @Override
    public void accept(PollState state) {
        page.round.moveBehind(this, state);
    }

    @Override
    public ChangeEvent get() {
        return page.table.event(row, page.newestBefore, page.polledAt, recent == null ? "" : recent.version());
    }

    @Override
    public List<Object> values() {
        return page.table.query.cursorOf(row);
    }
}
