package workers;

import akka.actor.typed.ActorRef;

/**
 * Passes what a source's thread reads into a feed's mailbox, no faster than it is worked off.
 *
 * <p>Thread-safety: called by the source's thread alone.
 */
record FeedMailbox(ActorRef<KvEventFeed.Command> feed, FrameCredit credit) implements KvEventSource.Listener {
    @Override
    public void live(int stream, long number, byte[] payload) {
        if (credit.take()) {
            feed.tell(new KvEventFeed.MessageArrived(stream, number, payload));
        }
    }

    @Override
    public void replayed(int stream, long attempt, long number, byte[] payload) {
        if (credit.take()) {
            feed.tell(new KvEventFeed.MessageReplayed(stream, attempt, number, payload));
        }
    }

    @Override
    public void replayEnded(int stream, long attempt) {
        feed.tell(new KvEventFeed.ReplayEnded(stream, attempt));
    }

    @Override
    public void failed(Throwable cause) {
        feed.tell(new KvEventFeed.SourceFailed(cause));
    }
}
