package io.pythia.internal;

import java.lang.reflect.Method;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;

/** Virtual threads, by reflection, since this is compiled for Java 17. */
public final class VirtualThreads {
    /** Whether this JDK has them: 21 and later. */
    public static final boolean AVAILABLE = Runtime.version().feature() >= 21;

    private VirtualThreads() {}

    /** Returns what makes threads of this name. */
    static ThreadFactory factory(String name) {
        return factory(new Class<?>[] {String.class}, name);
    }

    /** Returns an executor that starts a thread {@code <prefix><number>} for each task. */
    public static ExecutorService executor(String prefix) {
        ThreadFactory factory = factory(new Class<?>[] {String.class, long.class}, prefix, 1L);
        try {
            Method create = Executors.class.getMethod("newThreadPerTaskExecutor", ThreadFactory.class);
            return (ExecutorService) create.invoke(null, factory);
        } catch (ReflectiveOperationException e) {
            throw missing(e);
        }
    }

    /** Calls {@code Thread.ofVirtual().inheritInheritableThreadLocals(false).name(...).factory()}. */
    private static ThreadFactory factory(Class<?>[] types, Object... naming) {
        try {
            Class<?> builder = Class.forName("java.lang.Thread$Builder$OfVirtual");
            Object made = Thread.class.getMethod("ofVirtual").invoke(null);
            made = builder.getMethod("inheritInheritableThreadLocals", boolean.class)
                    .invoke(made, false);
            made = builder.getMethod("name", types).invoke(made, naming);
            return (ThreadFactory) builder.getMethod("factory").invoke(made);
        } catch (ReflectiveOperationException e) {
            throw missing(e);
        }
    }

    private static IllegalStateException missing(ReflectiveOperationException cause) {
        return new IllegalStateException("this JDK says that it has virtual threads, but they can't be made", cause);
    }
}
