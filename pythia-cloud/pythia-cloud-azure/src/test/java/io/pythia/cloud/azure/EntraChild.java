package io.pythia.cloud.azure;

import io.pythia.Message;
import io.pythia.Secret;
import io.pythia.Settled;
import io.pythia.TlsConfig;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.TestSubscriber;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/**
 * A process that signs in by Entra ID, sends a message, and receives it. A process of its own, because Azure's clients take the authorities
 * that they trust, and the address of Entra ID, from the JVM.
 */
final class EntraChild {
    /** The first connection of a JVM loads all of MSAL, of TLS and of AMQP. */
    private static final Duration COLD_START = Duration.ofSeconds(55);

    private EntraChild() {}

    /** Runs once: address of Entra ID, certificate of the authority, namespace, queue, tenant, application, secret. */
    public static void main(String[] args) throws Exception {
        System.setProperty("AZURE_AUTHORITY_HOST", args[0]);
        SSLContext.setDefault(TlsConfig.trusting(Path.of(args[1])).sslContext());
        AzureConfig config = AzureConfig.builder()
                .namespace(args[2])
                .tenantId(args[4])
                .clientId(args[5])
                .clientSecret(Secret.of(args[6]))
                .timeout(Duration.ofSeconds(30))
                .maxRetries(0)
                .build();
        try (ServiceBusProducer producer = ServiceBusProducer.builder()
                        .queueName(args[3])
                        .config(config)
                        .connectTimeout(COLD_START)
                        .build();
                ServiceBusConsumer consumer = ServiceBusConsumer.builder()
                        .queueName(args[3])
                        .config(config)
                        .connectTimeout(COLD_START)
                        .build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(producer.connect());
            TestSubscriber.get(producer.send(Message.of("signed in")));
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            Settled settled = TestSubscriber.get(message.ack());
            System.out.println("received: " + message.text() + ", " + settled);
        } catch (Throwable e) {
            System.out.println("failed: " + e);
        }
        System.out.println(ChildJvm.READY);
        System.exit(0);
    }
}
