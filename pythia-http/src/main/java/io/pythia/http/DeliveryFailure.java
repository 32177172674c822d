package io.pythia.http;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.MessageException;
import io.pythia.UncertainSendException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the error of a send to several URLs also is: it has the result of each.
 *
 * <pre>{@code
 * if (error instanceof DeliveryFailure failure) { failure.results().forEach((url, result) -> ...); }
 * }</pre>
 */
public interface DeliveryFailure {

    /** Returns what became of the message at each URL, in the order in which they were set: {@code 200 after 1 attempt}, or what went wrong. */
    Map<String, String> results();

    /**
     * Returns the error for results of which at least one is no success.
     *
     * @param cause what the first URL that does not have it said
     */
    static BrokerException of(
            String text, Map<String, String> results, boolean someMayHaveIt, @Nullable Throwable cause) {
        if (someMayHaveIt) {
            return new Partial(text, results, cause);
        } else if (cause instanceof DestinationNotFoundException) {
            return new NotFound(text, results, cause);
        } else if (cause instanceof BrokerAuthenticationException) {
            return new Unauthorized(text, results, cause);
        }
        return new Refused(text, results, cause);
    }

    /** No URL has it. */
    final class Refused extends MessageException implements DeliveryFailure {
        private static final long serialVersionUID = 1L;

        private final transient Map<String, String> results;

        private Refused(String text, Map<String, String> results, @Nullable Throwable cause) {
            super(text, cause);
            this.results = results;
        }

        @Override
        public Map<String, String> results() {
            return results;
        }
    }

    /** At least one URL has it, or may have it. */
    final class Partial extends UncertainSendException implements DeliveryFailure {
        private static final long serialVersionUID = 1L;

        private final transient Map<String, String> results;

        private Partial(String text, Map<String, String> results, @Nullable Throwable cause) {
            super(text, cause);
            this.results = results;
        }

        @Override
        public Map<String, String> results() {
            return results;
        }
    }

    /** No URL has it, and the first says that there is no such place. */
    final class NotFound extends DestinationNotFoundException implements DeliveryFailure {
        private static final long serialVersionUID = 1L;

        private final transient Map<String, String> results;

        private NotFound(String text, Map<String, String> results, Throwable cause) {
            super(text, cause);
            this.results = results;
        }

        @Override
        public Map<String, String> results() {
            return results;
        }
    }

    /** No URL has it, and the first has refused the credentials, or has a certificate that is not trusted. */
    final class Unauthorized extends BrokerAuthenticationException implements DeliveryFailure {
        private static final long serialVersionUID = 1L;

        private final transient Map<String, String> results;

        private Unauthorized(String text, Map<String, String> results, Throwable cause) {
            super(text, cause);
            this.results = results;
        }

        @Override
        public Map<String, String> results() {
            return results;
        }
    }
}
