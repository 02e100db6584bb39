package frontend;

import inference.ContentBlock;

/** Images by reference, alike in all dialects. */
public final class ImageReference {
    private static final String ANY = "image/*";

    private ImageReference() {}

    /** The image behind a URL, with the media type that a data URL states. */
    public static ContentBlock.Image at(JsonField url) {
        String reference = url.nonEmptyText();
        if (!reference.startsWith("data:")) {
            return new ContentBlock.Image(ANY, reference);
        }
        int end = reference.indexOf(',');
        if (end < 0) {
            throw url.mustBe("a URL or a whole data URL");
        }
        String mediaType = reference.substring("data:".length(), end).split(";", 2)[0];
        return new ContentBlock.Image(mediaType.isEmpty() ? ANY : mediaType, reference);
    }

    /** An image of which type and bytes are given apart. */
    public static ContentBlock.Image inline(String mediaType, String base64) {
        return new ContentBlock.Image(mediaType, "data:" + mediaType + ";base64," + base64);
    }
}
