package io.pythia.http;

import io.pythia.ConfigException;
import io.pythia.TlsConfig;
import io.pythia.internal.Pem;
import io.pythia.internal.Threads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.SocketFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.Connection;
import okhttp3.ConnectionPool;
import okhttp3.CookieJar;
import okhttp3.Dispatcher;
import okhttp3.Dns;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Makes the client, without what okhttp does by itself and we must decide: following redirects, which carries secret headers to another
 * host; sending a request again; waiting for as long as {@code Retry-After} says, and dying of a large one; proxies from the environment.
 */
final class HttpClients {
    /** Where {@code Retry-After} is to be found: under its own name the client would act on it. */
    static final String RETRY_AFTER = "X-Pythia-Retry-After";

    private static final int MAX_REQUESTS = Integer.MAX_VALUE;
    private static final int SWITCHING_PROTOCOLS = 101;

    private HttpClients() {}

    /**
     * Returns a client.
     *
     * @param owner names its threads
     */
    static OkHttpClient create(String owner, HttpConfig config, AddressGuard guard, Dns dns, Duration connectTimeout) {
        OkHttpClient.Builder builder = new OkHttpClient.Builder()
                .dispatcher(dispatcher(owner))
                .connectionPool(new ConnectionPool(
                        config.maxKeepaliveConnections(),
                        config.keepaliveExpiry().toNanos(),
                        TimeUnit.NANOSECONDS))
                .callTimeout(config.timeout())
                // The whole call has a limit; without these the client's own 10 s would be one, too.
                .readTimeout(config.timeout())
                .writeTimeout(config.timeout())
                .connectTimeout(config.timeout().compareTo(connectTimeout) < 0 ? config.timeout() : connectTimeout)
                .followRedirects(false)
                .followSslRedirects(false)
                .retryOnConnectionFailure(false)
                .cookieJar(CookieJar.NO_COOKIES)
                .addNetworkInterceptor(chain -> usable(chain.connection(), chain.proceed(chain.request())));
        if (config.proxy() == null) {
            builder.proxy(Proxy.NO_PROXY)
                    .dns(host -> guard.check(host, dns.lookup(host)))
                    .socketFactory(new DirectSockets(guard));
        } else {
            // The proxy looks the host up once more; this keeps out what is wrong by our own look-up.
            builder.proxy(ProxyAddress.parse(config.proxy()).proxy())
                    .dns(dns)
                    .socketFactory(new DirectSockets(null))
                    .addInterceptor(chain -> {
                        String host = chain.request().url().host();
                        guard.check(host, dns.lookup(host));
                        return chain.proceed(chain.request());
                    });
        }
        if (config.tls() != null) {
            secure(builder, config.tls());
        }
        return builder.build();
    }

    private static void secure(OkHttpClient.Builder builder, TlsConfig tls) {
        builder.sslSocketFactory(tls.sslContext().getSocketFactory(), trustManager(tls.caFile()));
        if (!tls.verifyHostname()) {
            builder.hostnameVerifier((host, session) -> true);
        }
    }

    private static Dispatcher dispatcher(String owner) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                10,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                task -> Threads.create(owner, "http-" + number.incrementAndGet(), task));
        Dispatcher dispatcher = new Dispatcher(executor);
        // Whoever enqueues keeps to a limit: a second queue behind it would be one that all URLs share.
        dispatcher.setMaxRequests(MAX_REQUESTS);
        dispatcher.setMaxRequestsPerHost(MAX_REQUESTS);
        return dispatcher;
    }

    private static Response usable(@Nullable Connection connection, Response response) throws IOException {
        if (response.code() == SWITCHING_PROTOCOLS) {
            response.close();
            if (connection != null) {
                connection.socket().close();
            }
            // Nobody asked for it, and what comes next on the connection is not HTTP.
            throw new IOException("the server switched to another protocol");
        }
        String value = response.header("Retry-After");
        if (value == null) {
            return response;
        }
        // The client takes any value from a server, but lets only visible ASCII be set.
        return response.newBuilder()
                .headers(response.headers()
                        .newBuilder()
                        .removeAll("Retry-After")
                        .addUnsafeNonAscii(RETRY_AFTER, value)
                        .build())
                .build();
    }

    private static X509TrustManager trustManager(java.nio.file.@Nullable Path caFile) {
        try {
            KeyStore store = null;
            if (caFile != null) {
                store = KeyStore.getInstance(KeyStore.getDefaultType());
                store.load(null, null);
                List<X509Certificate> certificates = Pem.certificates("caFile", caFile);
                for (int i = 0; i < certificates.size(); i++) {
                    store.setCertificateEntry("ca-" + i, certificates.get(i));
                }
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return (X509TrustManager) factory.getTrustManagers()[0];
        } catch (GeneralSecurityException | IOException e) {
            throw new ConfigException("TLS", "the certificates can't be used: " + e.getMessage());
        }
    }

    /** Cancels all calls, and releases threads and connections. */
    static void close(OkHttpClient client) {
        client.dispatcher().cancelAll();
        client.dispatcher().executorService().shutdown();
        client.connectionPool().evictAll();
    }

    /** Sockets that ask no one for a SOCKS proxy, as the JVM's own do. */
    private static final class DirectSockets extends SocketFactory {
        private final @Nullable AddressGuard guard;

        DirectSockets(@Nullable AddressGuard guard) {
            this.guard = guard;
        }

        @Override
        public Socket createSocket() {
            return guard == null ? new Socket(Proxy.NO_PROXY) : new GuardedSocket(guard);
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            return connected(InetAddress.getByName(host), port);
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
            throw new IOException("not used");
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return connected(host, port);
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
            throw new IOException("not used");
        }

        private Socket connected(InetAddress host, int port) throws IOException {
            Socket socket = createSocket();
            socket.connect(new InetSocketAddress(host, port));
            return socket;
        }
    }

    /** Looks once more where it is connected to: the last moment, and the only one that an address in a URL passes. */
    private static final class GuardedSocket extends Socket {
        private final AddressGuard guard;

        GuardedSocket(AddressGuard guard) {
            super(Proxy.NO_PROXY);
            this.guard = guard;
        }

        @Override
        public void connect(SocketAddress endpoint, int timeout) throws IOException {
            if (!(endpoint instanceof InetSocketAddress address) || address.isUnresolved()) {
                throw new UnknownHostException("the address was not looked up");
            }
            guard.check(address.getHostString(), address.getAddress());
            super.connect(endpoint, timeout);
        }

        @Override
        public void connect(SocketAddress endpoint) throws IOException {
            connect(endpoint, 0);
        }
    }
}
