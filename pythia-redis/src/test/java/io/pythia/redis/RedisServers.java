package io.pythia.redis;

/** Configurations for servers of the tests. */
final class RedisServers {
    private RedisServers() {}

    static RedisConfig config(String address) {
        int colon = address.lastIndexOf(':');
        return RedisConfig.builder()
                .host(address.substring(0, colon))
                .port(Integer.parseInt(address.substring(colon + 1)))
                .build();
    }
}
