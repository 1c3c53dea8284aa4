package org.ferrule.bench.source;

import com.google.api.gax.batching.FlowControlSettings;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.cloud.pubsub.v1.MessageReceiver;
import com.google.cloud.pubsub.v1.Subscriber;
import com.google.pubsub.v1.ProjectSubscriptionName;
import com.google.pubsub.v1.PubsubMessage;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** One subscriber for each subscription of the process, and what it received. */
final class Received {
  private static final Map<String, Received> ALL = new ConcurrentHashMap<>();

  private final LinkedBlockingQueue<PubsubMessage> waiting = new LinkedBlockingQueue<>(200_000);
  private final ManagedChannel channel;
  private final Subscriber subscriber;

  static Received of(String host, String project, String subscription) {
    return ALL.computeIfAbsent(subscription, s -> new Received(host, project, s));
  }

  private Received(String host, String project, String subscription) {
    channel =
        ManagedChannelBuilder.forTarget(host)
            .usePlaintext()
            .maxInboundMessageSize(20 << 20)
            .build();
    // acks before Spark has committed: the cheapest a plain source can do
    MessageReceiver receiver =
        (message, consumer) -> {
          try {
            waiting.put(message);
            consumer.ack();
          } catch (InterruptedException e) {
            consumer.nack();
          }
        };
    subscriber =
        Subscriber.newBuilder(ProjectSubscriptionName.of(project, subscription), receiver)
            .setChannelProvider(
                FixedTransportChannelProvider.create(GrpcTransportChannel.create(channel)))
            .setCredentialsProvider(NoCredentialsProvider.create())
            .setFlowControlSettings(
                FlowControlSettings.newBuilder()
                    .setMaxOutstandingElementCount(100_000L)
                    .setMaxOutstandingRequestBytes(256L << 20)
                    .build())
            .build();
    subscriber.startAsync().awaitRunning();
  }

  /** null when nothing came for so long. */
  PubsubMessage next(long milliseconds) throws InterruptedException {
    return waiting.poll(milliseconds, TimeUnit.MILLISECONDS);
  }

  boolean waitForMessages(long milliseconds) {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
    while (waiting.isEmpty() && System.nanoTime() < until) {
      try {
        TimeUnit.MILLISECONDS.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return !waiting.isEmpty();
  }

  void stop() {
    ALL.values().remove(this);
    subscriber.stopAsync();
    channel.shutdown();
  }
}
