package io.pythia.cloud.azure;

/** How a body becomes the text of a message of Storage Queue. Both sides must use the same one. */
public enum QueueEncoding {
    /** As it is; only a body that is text, without characters that XML can't carry. */
    TEXT,
    /** As Base64, as Azure Functions expects it; any body. */
    BASE64
}
