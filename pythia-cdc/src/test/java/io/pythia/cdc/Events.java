package io.pythia.cdc;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.testkit.TestSubscriber;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a worker delivered, as changes. */
record Events(TestSubscriber subscriber) {

    /** Subscribes, and acknowledges everything. */
    static Events of(MessageBroker worker) {
        TestSubscriber.get(worker.connect());
        TestSubscriber subscriber = TestSubscriber.acknowledging();
        worker.consume().subscribe(subscriber);
        return new Events(subscriber);
    }

    List<ChangeEvent> await(int atLeast) {
        return subscriber.await(atLeast).stream().map(Events::event).toList();
    }

    /** Waits for that many and returns the last of them. */
    ChangeEvent last(int count) {
        return await(count).get(count - 1);
    }

    /** Waits for an event of the row with that key; others may come before it. */
    ChangeEvent ofRow(Object key) {
        for (int count = 1; ; count++) {
            ChangeEvent event = last(count);
            if (event.key().containsValue(key)) {
                return event;
            }
        }
    }

    static ChangeEvent event(Message message) {
        return message.unwrap(ChangeEvent.class).orElseThrow();
    }

    static Map<String, @Nullable Object> after(ChangeEvent event) {
        return java.util.Objects.requireNonNull(event.after());
    }
}
