package io.pythia.cdc;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.StateStore;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where the place is kept: the application's store, or a table of the database. What fails, fails with a text that says so. */
final class Places {
    /** Reads a place of a text. */
    interface Reader<S> {
        S read(String text) throws JsonProcessingException;
    }

    private final CdcSettings settings;
    private final StateStore store;

    Places(CdcSettings settings, Database database) {
        this.settings = settings;
        StateStore given = settings.store();
        this.store = given != null
                ? given
                : new TableStateStore(database, settings.config().stateTable());
    }

    /** Returns what was stored last, null if nothing was. */
    @Nullable
    String load() {
        try {
            return store.load(settings.stateKey());
        } catch (IOException e) {
            throw new BrokerConnectionException(settings.name() + ": the state store could not be read", e);
        }
    }

    /** Returns the place that a text has. */
    <S> S parse(String text, Reader<S> reader) {
        try {
            return reader.read(text);
        } catch (JsonProcessingException e) {
            throw new BrokerException(settings.name() + ": what the state store has under \"" + settings.stateKey()
                    + "\" is none of ours; delete it to begin anew");
        }
    }

    void save(String text) {
        try {
            store.save(settings.stateKey(), text);
        } catch (IOException e) {
            throw new BrokerConnectionException(settings.name() + ": the state store could not be written", e);
        } catch (BrokerException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new BrokerException(settings.name() + ": the state store failed", e, true);
        }
    }
}
