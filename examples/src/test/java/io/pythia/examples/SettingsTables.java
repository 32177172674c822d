package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Brokers;
import io.pythia.Secret;
import io.pythia.TlsConfig;
import io.pythia.cdc.CdcConfig;
import io.pythia.cloud.aws.AwsConfig;
import io.pythia.cloud.azure.AzureConfig;
import io.pythia.cloud.gcp.GcpConfig;
import io.pythia.http.HttpConfig;
import io.pythia.kafka.KafkaConfig;
import io.pythia.rabbitmq.RabbitMQConfig;
import io.pythia.redis.RedisConfig;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.Setting;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The tables of settings: of each, the rows with what a user would type for the default. */
final class SettingsTables {
    private static final Map<String, Record> CONFIGS = Map.of(
            "aws-config", AwsConfig.defaults(),
            "azure-config", AzureConfig.defaults(),
            "cdc-config", CdcConfig.defaults(),
            "gcp-config", GcpConfig.defaults(),
            "http-config", HttpConfig.defaults(),
            "kafka-config", KafkaConfig.defaults(),
            "rabbitmq-config", RabbitMQConfig.defaults(),
            "redis-config", RedisConfig.defaults());

    /** For each connector a URL that both sides understand; nothing is connected. */
    private static final Map<String, String> URLS = Map.ofEntries(
            Map.entry("cdc", "cdc:postgresql://localhost/db?tables=users"),
            Map.entry("http-poller", "http-poller:https://api.example.com/events"),
            Map.entry("kafka", "kafka://localhost:9092/orders?consumer-group=billing"),
            Map.entry("memory", "memory:orders"),
            Map.entry("pubsub", "pubsub://project/orders"),
            Map.entry("rabbitmq", "rabbitmq://localhost/?queue=orders"),
            Map.entry("redis-streams", "redis-streams://localhost/orders?consumer-group=billing"),
            Map.entry("servicebus", "servicebus://namespace/orders"),
            Map.entry("sns", "sns:arn:aws:sns:us-east-1:123456789012:orders"),
            Map.entry("sqs", "sqs:https://sqs.us-east-1.amazonaws.com/123456789012/orders"),
            Map.entry("storage-queue", "storage-queue://account/orders"),
            Map.entry("webhook", "webhook:https://partner.example.com/hook"));

    private static final Map<Duration, String> UNITS = Map.of(
            Duration.ofHours(1), "h",
            Duration.ofMinutes(1), "m",
            Duration.ofSeconds(1), "s",
            Duration.ofMillis(1), "ms");

    /**
     * A table.
     *
     * @param defaults the record that it is made from
     * @param rows its rows
     */
    record Table(Record defaults, List<Row> rows) {}

    /**
     * A row.
     *
     * @param key the setting
     * @param value the default as a user would type it, empty for none
     * @param remark what is said behind it
     * @param text what it is
     * @param nativeName what the client calls it, empty for nothing
     */
    record Row(String key, String value, String remark, String text, String nativeName) {
        Row with(String otherValue, String otherRemark) {
            return new Row(key, otherValue, otherRemark, text, nativeName);
        }
    }

    private SettingsTables() {}

    /** Returns the names of all tables, as they stand in the pages. */
    static Stream<String> names() {
        Brokers brokers = Brokers.load();
        Stream<String> consumers = URLS.keySet().stream()
                .filter(name -> brokers.capabilities(name).consumes())
                .map(name -> "consumer-options " + name);
        Stream<String> producers = URLS.keySet().stream()
                .filter(name -> brokers.capabilities(name).produces())
                .map(name -> "producer-options " + name);
        return Stream.of(CONFIGS.keySet().stream(), consumers, producers)
                .flatMap(each -> each)
                .sorted();
    }

    /** Returns the table of that name. */
    static Table of(String name) {
        Record config = CONFIGS.get(name);
        if (config != null) {
            return new Table(config, rows(config));
        }
        String[] words = name.split(" ");
        return words[0].equals("consumer-options") ? consumer(words[1]) : producer(words[1]);
    }

    /** Returns it as it stands in the page. */
    static String markdown(String name) {
        return of(name).rows().stream()
                .map(row -> "| `" + row.key() + "` | "
                        + Stream.of(row.value().isEmpty() ? "" : "`" + row.value() + "`", row.remark())
                                .filter(text -> !text.isEmpty())
                                .collect(Collectors.joining(", "))
                        + " | " + row.text() + " | "
                        + (row.nativeName().isEmpty() ? "" : "`" + row.nativeName() + "`") + " |\n")
                .collect(
                        Collectors.joining("", "| setting | default | what it is | native |\n|---|---|---|---|\n", ""));
    }

    /** What every consumer has, with the values of this one, without what has no effect on it. */
    private static Table consumer(String broker) {
        ConsumerOptions options = (ConsumerOptions)
                options(AbstractMessageBroker.class, Brokers.load().consumer(url(broker)));
        boolean leases = Brokers.load().capabilities(broker).leases();
        return new Table(
                options,
                rows(options).stream()
                        .filter(row -> leases || !row.key().equals("max-lease"))
                        .toList());
    }

    /** What every producer has; see {@link #consumer}. */
    private static Table producer(String broker) {
        if (broker.equals("webhook")) {
            return webhook();
        }
        ProducerOptions options = (ProducerOptions)
                options(AbstractMessageProducer.class, Brokers.load().producer(url(broker)));
        return producer(options);
    }

    /** The JVM of this test may have a small heap. */
    private static Table producer(ProducerOptions own) {
        ProducerOptions options = own.withMaxInFlightBytes(64L << 20);
        return new Table(
                options,
                rows(options).stream()
                        .map(row -> row.key().equals("max-in-flight-bytes")
                                ? row.with(row.value(), "in a small heap a quarter of it")
                                : row)
                        .toList());
    }

    /** Its schedule is in the place of the engine's, and it connects to nobody. */
    private static Table webhook() {
        Table all = producer(ProducerOptions.defaults().with(RetryConfig.defaults()));
        return new Table(
                all.defaults(),
                all.rows().stream()
                        .filter(row -> !row.key().equals("connect-policy"))
                        .map(SettingsTables::ofWebhook)
                        .toList());
    }

    private static Row ofWebhook(Row row) {
        return switch (row.key()) {
            case "retry.*" ->
                new Row(row.key(), "", "", "When a message is sent again to a URL that did not take it", "");
            case "retry.max-retries" -> row.with("", "as `max-retries`");
            case "retry.initial-delay" -> row.with("", "as `retry-delay`");
            case "send-timeout" -> row.with("", "as long as the schedule takes, at least 30 s");
            default -> row;
        };
    }

    private static URI url(String broker) {
        return URI.create(Objects.requireNonNull(URLS.get(broker), broker));
    }

    private static Object options(Class<?> facade, AutoCloseable side) {
        try (side) {
            Method options = facade.getDeclaredMethod("options");
            options.setAccessible(true);
            return options.invoke(side);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static List<Row> rows(Record defaults) {
        List<Row> rows = new ArrayList<>();
        for (RecordComponent component : defaults.getClass().getRecordComponents()) {
            Setting setting = setting(component);
            String key = key(component);
            Object value = value(defaults, component);
            if (component.getType().isRecord()) {
                rows.add(new Row(key + ".*", "", "", setting.value(), setting.nativeName()));
                members(component.getType(), value)
                        .forEach(row -> rows.add(new Row(
                                key + "." + row.key(), row.value(), row.remark(), row.text(), row.nativeName())));
            } else {
                boolean open = component.getType() == Map.class;
                rows.add(new Row(
                        open ? key + ".*" : key,
                        open ? "" : typed(value, isBytes(key, setting)),
                        value instanceof Integer number && number == RetryConfig.FOREVER ? "no limit" : "",
                        setting.value(),
                        setting.nativeName()));
            }
        }
        return rows;
    }

    /** Of a group that is not set by default, what its members are when one of them is. */
    private static List<Row> members(Class<?> type, @Nullable Object value) {
        if (value != null) {
            return rows((Record) value);
        }
        assertThat(type).isEqualTo(TlsConfig.class);
        return rows(TlsConfig.defaults());
    }

    private static Setting setting(RecordComponent component) {
        Setting setting = component.getAnnotation(Setting.class);
        assertThat(setting).as("@Setting of %s", component).isNotNull();
        return setting;
    }

    private static String key(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static @Nullable Object value(Record defaults, RecordComponent component) {
        try {
            return component.getAccessor().invoke(defaults);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static String typed(@Nullable Object value, boolean bytes) {
        if (value == null || value instanceof Secret) {
            return "";
        } else if (value instanceof Duration duration) {
            return typed(duration);
        } else if (value instanceof List<?> list) {
            return list.stream().map(String::valueOf).collect(Collectors.joining(","));
        } else if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
        return value instanceof Number number && bytes ? size(number.longValue()) : String.valueOf(value);
    }

    private static String typed(Duration duration) {
        for (Duration unit : UNITS.keySet().stream()
                .sorted((one, other) -> other.compareTo(one))
                .toList()) {
            if (duration.compareTo(unit) >= 0 && duration.equals(unit.multipliedBy(duration.dividedBy(unit)))) {
                return duration.dividedBy(unit) + UNITS.get(unit);
            }
        }
        assertThat(duration).isZero();
        return "0s";
    }

    private static boolean isBytes(String key, Setting setting) {
        return key.endsWith("-bytes")
                || List.of(setting.value().toLowerCase(Locale.ROOT).split("[^a-z]+"))
                        .contains("bytes");
    }

    private static String size(long bytes) {
        if (bytes >= 1 << 20 && bytes % (1 << 20) == 0) {
            return (bytes >> 20) + "MiB";
        }
        return bytes >= 1 << 10 && bytes % (1 << 10) == 0 ? (bytes >> 10) + "KiB" : String.valueOf(bytes);
    }
}
