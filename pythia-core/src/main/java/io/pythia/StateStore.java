package io.pythia;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where a consumer of a source without positions of its own keeps its place, so that it goes on there after a restart. What is saved is a text of some hundred bytes
 * (with ids to recognize, up to a few hundred KiB), opaque to the store.
 *
 * <p>An own one, in a database for instance, needs a table of two columns:
 *
 * <pre>{@code
 * create table place (id varchar(500) primary key, state text not null)
 * load: select state from place where id = ?
 * save: update place set state = ? where id = ?, and if that changed no row: insert into place values (?, ?)
 * }</pre>
 *
 * <p>{@code save} must have the state durably when it returns: only then are the messages that it covers forgotten. One key is used by one
 * consumer at a time, from one thread at a time.
 */
public interface StateStore {

    /**
     * Returns what was saved last, null if nothing was.
     *
     * @throws IOException if the store can't be reached: the consumer then does not connect
     */
    @Nullable
    String load(String key) throws IOException;

    /**
     * Saves a state in place of the one before.
     *
     * @throws IOException if it could not be saved: the engine tries the acknowledgement again
     */
    void save(String key, String state) throws IOException;

    /** Returns a store that forgets when the process ends; the default, one for each consumer. */
    static StateStore memory() {
        Map<String, String> states = new ConcurrentHashMap<>();
        return new StateStore() {
            @Override
            public @Nullable String load(String key) {
                return states.get(key);
            }

            @Override
            public void save(String key, String state) {
                states.put(key, state);
            }
        };
    }

    /** Returns a store that keeps a file for each key in a folder, which is made if it is missing. A save replaces the file as a whole. */
    static StateStore file(Path folder) {
        return new FileStateStore(folder);
    }
}
