package replay;

import java.util.ArrayList;
import java.util.List;

/**
 * Places of a plot's marks such that none covers another: each is where its values are, or as near to it as there is room.
 *
 * <p>Thread-safety: confined to its plot.
 */
final class MarkPlaces {
    private static final int ANGLES = 24;
    private static final int RING = 4;

    private final int left;
    private final int right;
    private final int top;
    private final int bottom;
    private final int distance;
    private final List<Place> taken = new ArrayList<>();

    /** The middle of a mark, in pixels. */
    record Place(double x, double y) {}

    /** @param distance least number of pixels between the middles of two marks */
    MarkPlaces(int left, int right, int top, int bottom, int distance) {
        this.left = left;
        this.right = right;
        this.top = top;
        this.bottom = bottom;
        this.distance = distance;
    }

    /** Takes the free place next to one inside the plot: the place itself when there is no room anywhere. */
    Place take(Place exact) {
        Place found = nearest(exact);
        taken.add(found);
        return found;
    }

    private Place nearest(Place exact) {
        if (free(exact)) {
            return exact;
        }
        int far = Math.max(right - left, bottom - top);
        for (int radius = RING; radius <= far; radius += RING) {
            for (int i = 0; i < ANGLES; i++) {
                double angle = 2 * Math.PI * i / ANGLES;
                Place near = new Place(
                        exact.x() + radius * StrictMath.cos(angle), exact.y() + radius * StrictMath.sin(angle));
                if (inside(near) && free(near)) {
                    return near;
                }
            }
        }
        return exact;
    }

    private boolean inside(Place place) {
        return place.x() >= left && place.x() <= right && place.y() >= top && place.y() <= bottom;
    }

    private boolean free(Place place) {
        return taken.stream()
                .allMatch(other -> StrictMath.hypot(place.x() - other.x(), place.y() - other.y()) >= distance);
    }
}
