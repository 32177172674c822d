package io.pythia;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Where a consumer of a source without positions of its own keeps its place, so that it goes on there after a restart. What is saved is
 * a text of some hundred bytes (with ids to recognize, up to a few hundred KiB), opaque to the store.
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

    /**
     * Returns a store that keeps a row for each key in a table of a database. The table must be there; it is not made:
     *
     * <pre>{@code
     * CREATE TABLE place (id varchar(500) PRIMARY KEY, state text NOT NULL)           -- PostgreSQL, SQLite, H2; elsewhere a type of large texts
     * CREATE TABLE place (id varchar(500) COLLATE utf8mb4_bin PRIMARY KEY,
     *                     state longtext NOT NULL) CHARACTER SET utf8mb4              -- MariaDB, MySQL
     * }</pre>
     *
     * The role needs {@code SELECT}, {@code INSERT} and {@code UPDATE} on it. A connection is taken for each call and given back, with what
     * was written committed; how long to wait for one, and for the network, is for the source to say. A key of more than 500 characters is cut,
     * with a hash in place of the rest. Thread-safe. What the database refuses is an {@link IOException} of {@code load} and {@code save},
     * without the state.
     *
     * @param source where connections come from; it stays the caller's to close
     * @param table a plain name of letters, digits and {@code _}, with its schema and a dot before it or not; it is not quoted
     * @throws IllegalArgumentException if the name is another
     */
    static StateStore jdbc(DataSource source, String table) {
        return new JdbcStateStore(source, table);
    }
}
