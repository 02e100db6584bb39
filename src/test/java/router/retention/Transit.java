package router.retention;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import kv.WorkerId;

/**
 * What is on its way between a keeper and its workers. What is about holds comes in any order and may come again later; the rest of
 * one worker's keeps its order. What was for an earlier life of the keeper is lost.
 */
final class Transit {
    /** An order and its number. */
    record Numbered(WorkerOrder order, long number) {}

    /** An order or an answer on its way, of a life of the keeper. */
    private record Message(int life, Object content) {}

    private final Random random;
    private final Consumer<Numbered> workers;
    private final Consumer<Object> keeper;
    private final List<Message> toWorkers = new ArrayList<>();
    private final List<Message> toKeeper = new ArrayList<>();
    private int life;
    private boolean trouble = true;

    /**
     * Empty yet.
     *
     * @param workers obeys an order that arrives
     * @param keeper hears what workers say
     */
    Transit(Random random, Consumer<Numbered> workers, Consumer<Object> keeper) {
        this.random = random;
        this.workers = workers;
        this.keeper = keeper;
    }

    void toWorker(WorkerOrder order, long number) {
        toWorkers.add(new Message(life, new Numbered(order, number)));
    }

    void toKeeper(Object said) {
        toKeeper.add(new Message(life, said));
    }

    /** The keeper begins another life. */
    void keeperBegins() {
        life++;
    }

    /** Messages come in order, and once, from now on. */
    void calm() {
        trouble = false;
    }

    /** One message arrives, if there is any. */
    void deliver() {
        List<Message> queue = random.nextBoolean() ? toWorkers : toKeeper;
        if (!queue.isEmpty()) {
            deliver(queue);
        }
    }

    /** Everything that was said arrives. */
    void deliverAllToKeeper() {
        deliverAll(toKeeper);
    }

    /** Every order arrives. */
    void deliverAllToWorkers() {
        deliverAll(toWorkers);
    }

    private void deliverAll(List<Message> queue) {
        while (!queue.isEmpty()) {
            deliver(queue);
        }
    }

    private void deliver(List<Message> queue) {
        Message any = queue.get(trouble ? random.nextInt(queue.size()) : 0);
        Message message = aboutHold(any) ? any : firstOfTheRest(queue, worker(any));
        queue.remove(message);
        arrive(message);
        if (trouble && random.nextInt(4) == 0) {
            if (aboutHold(message)) {
                queue.add(message);
            } else if (queue == toKeeper) {
                arrive(message);
            }
        }
    }

    private void arrive(Message message) {
        if (message.content() instanceof Numbered order) {
            workers.accept(order);
        } else if (message.life() == life) {
            keeper.accept(message.content());
        }
    }

    private static Message firstOfTheRest(List<Message> queue, WorkerId worker) {
        return queue.stream()
                .filter(message -> !aboutHold(message) && worker(message).equals(worker))
                .findFirst()
                .orElseThrow();
    }

    private static boolean aboutHold(Message message) {
        if (message.content() instanceof Numbered order) {
            return order.order() instanceof WorkerOrder.PlaceHold || order.order() instanceof WorkerOrder.ReleaseHold;
        }
        return message.content() instanceof HoldOver
                || (message.content() instanceof WorkerAnswer answer && answer.kind() == Step.Kind.HOLD);
    }

    private static WorkerId worker(Message message) {
        if (message.content() instanceof Numbered order) {
            return order.order().worker();
        }
        if (message.content() instanceof FakeFleet.Listed listed) {
            return listed.worker();
        }
        return message.content() instanceof WorkerAnswer said ? said.worker() : ((HoldOver) message.content()).worker();
    }
}
