/**
 * HTTP: a poller that reads a URL, and a sender of webhooks.
 *
 * <h2>What it is</h2>
 * {@code http-poller} asks a URL at intervals, and makes messages of what is new in the answers. {@code webhook} sends each message by POST
 * to one URL or several.
 *
 * <h2>Words</h2>
 * URL: source and destination. Item of an answer: message. Cursor, ETag, time of the latest item: the place in the source. Partner: a URL of
 * a webhook. {@code webhook-id}: the id of the message, the same at every attempt.
 *
 * <h2>Delivery guarantee</h2>
 * Poller: at least once of what the source still has when it is asked; the place is stored when everything before it is acknowledged.
 * Webhook: a send succeeds when every URL has answered 2xx. Without an answer it is sent again with the same id, and may arrive twice.
 *
 * <h2>Settling</h2>
 * ack: the place moves over it as soon as nothing before it is unsettled. nack: delivered again by the engine, the place waits. reject: to
 * the dead letters of the engine, then as ack. extend: there are no leases.
 *
 * <h2>Threads</h2>
 * Beside the engine's: {@code pythia-<name>-http-<n>} are the client's, on which requests are made and sends are completed;
 * {@code pythia-webhook:<url>-timer} begins attempts that were put off.
 *
 * <h2>Escape hatch</h2>
 * {@code Message.unwrap(okhttp3.Response.class)} has the status and the headers of a polled answer; its body has been read.
 */
@NullMarked
package io.pythia.http;

import org.jspecify.annotations.NullMarked;
