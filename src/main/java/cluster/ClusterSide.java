package cluster;

import static java.util.stream.Collectors.toUnmodifiableSet;

import akka.actor.Address;
import akka.actor.ExtendedActorSystem;
import akka.cluster.Cluster;
import akka.cluster.ClusterEvent.CurrentClusterState;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The nodes of a cluster that one of them can reach, itself among them. All of the cluster, unless it fell apart.
 *
 * <p><em>Thread-safety:</em> implementations are safe.
 */
interface ClusterSide {

    /** Their names as owners of a lease. */
    Set<String> owners();

    /** The others of the cluster, by the same names: those who are out of reach. */
    Set<String> outOfReach();

    /** Whether this node speaks for those that it can reach. */
    boolean leads();

    /** Ends all of them. */
    void end();

    /** As Akka sees it. May be made before the cluster extension is there. */
    static ClusterSide of(ExtendedActorSystem system) {
        return new ClusterSide() {
            @Override
            public Set<String> owners() {
                return reachable().map(Address::hostPort).collect(toUnmodifiableSet());
            }

            @Override
            public Set<String> outOfReach() {
                return Cluster.get(system).state().getUnreachable().stream()
                        .map(member -> member.address().hostPort())
                        .collect(toUnmodifiableSet());
            }

            @Override
            public boolean leads() {
                Cluster cluster = Cluster.get(system);
                return cluster.selfAddress().equals(cluster.state().getLeader())
                        && cluster.selfMember().status().equals(MemberStatus.up());
            }

            @Override
            public void end() {
                Cluster cluster = Cluster.get(system);
                Address self = cluster.selfAddress();
                reachable().filter(address -> !address.equals(self)).forEach(cluster::down);
                cluster.down(self);
            }

            private Stream<Address> reachable() {
                CurrentClusterState state = Cluster.get(system).state();
                Set<Member> unreachable = state.getUnreachable();
                return StreamSupport.stream(state.getMembers().spliterator(), false)
                        .filter(member -> !unreachable.contains(member))
                        .map(Member::address);
            }
        };
    }
}
