package cli;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * Handlers of the operating system's signals.
 *
 * <p>Java has no supported way to end with status 0 on Ctrl-C or to notice a second one: a shutdown hook does neither. So
 * this is {@code sun.misc.Signal}, which every JDK exports for want of a successor, reached by reflection because the
 * compiler warns of it without a way to say that it is meant.
 */
final class Signals {

    private Signals() {}

    /** Runs {@code action} on a thread of its own each time the process receives {@code name}, such as {@code INT}. */
    static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            Method handle = signal.getMethod("handle", signal, handler);
            handle.invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (ReflectiveOperationException missing) {
            throw new IllegalStateException("this JVM cannot handle the signal " + name, missing);
        }
    }
}
