package io.pythia.cdc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;

/** A pool of one connection, which it gives out as it came back: what a borrower leaves behind is seen. */
final class OneConnection {
    private final Semaphore free = new Semaphore(1);
    private final Connection connection;

    OneConnection(Connection connection) {
        this.connection = connection;
    }

    DataSource source() {
        return proxy(DataSource.class, (source, method, arguments) -> {
            if (!method.getName().equals("getConnection")) {
                throw new UnsupportedOperationException(method.getName());
            }
            free.acquire();
            AtomicBoolean returned = new AtomicBoolean();
            return proxy(Connection.class, (borrowed, call, with) -> {
                if (!call.getName().equals("close")) {
                    return call(call, with);
                }
                if (returned.compareAndSet(false, true)) {
                    free.release();
                }
                return null;
            });
        });
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(connection, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(OneConnection.class.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
