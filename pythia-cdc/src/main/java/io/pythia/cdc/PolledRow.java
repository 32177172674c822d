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
    /** By what it is remembered within the overlap; null where nothing is. */
    final @Nullable String key;

    PolledRow(Page page, SelectedRow row, @Nullable String key) {
        this.page = page;
        this.row = row;
        this.key = key;
    }

    @Override
    public void accept(PollState state) {
        page.round.moveBehind(this, state);
    }

    @Override
    public ChangeEvent get() {
        String version = key == null ? "" : key.substring(key.lastIndexOf('#'));
        return page.table.event(row, page.newestBefore, page.polledAt, version);
    }

    @Override
    public List<Object> values() {
        return page.table.query.cursorOf(row);
    }
}
