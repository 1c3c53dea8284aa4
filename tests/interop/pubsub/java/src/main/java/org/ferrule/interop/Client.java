package org.ferrule.interop;

import com.google.api.core.ApiFuture;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.cloud.pubsub.v1.MessageReceiver;
import com.google.cloud.pubsub.v1.Publisher;
import com.google.cloud.pubsub.v1.Subscriber;
import com.google.protobuf.ByteString;
import com.google.pubsub.v1.PubsubMessage;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Google's Java client against the emulator.
 *
 * <pre>
 *   Client CASE TOPIC SUBSCRIPTION COUNT BYTES
 * </pre>
 *
 * PUBSUB_EMULATOR_HOST names the server. Publishes COUNT messages, receives until as many
 * different ones have come, and prints one line of JSON.
 */
public final class Client {
  private final Set<String> seen = new HashSet<>();
  private final Map<String, Integer> last = new HashMap<>();
  private final CountDownLatch done = new CountDownLatch(1);
  private final String kind;
  private final int count;
  private int received;
  private int disorder;

  private Client(String kind, int count) {
    this.kind = kind;
    this.count = count;
  }

  private void publish(TransportChannelProvider channel, String topic, int bytes)
      throws Exception {
    Publisher publisher =
        Publisher.newBuilder(topic)
            .setChannelProvider(channel)
            .setCredentialsProvider(NoCredentialsProvider.create())
            .setEnableMessageOrdering(kind.equals("ordered"))
            .setEnableCompression(kind.equals("gzip"))
            .build();
    ByteString data = ByteString.copyFrom(new byte[bytes]);
    List<ApiFuture<String>> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      PubsubMessage.Builder message =
          PubsubMessage.newBuilder().setData(data).putAttributes("n", Integer.toString(i));
      if (kind.equals("ordered")) message.setOrderingKey("key-" + i % 10);
      ids.add(publisher.publish(message.build()));
    }
    publisher.publishAllOutstanding();
    for (ApiFuture<String> id : ids) id.get(60, TimeUnit.SECONDS);
    publisher.shutdown();
  }

  /** Whether the message is new and is to be nacked. */
  private synchronized boolean take(PubsubMessage message) {
    received++;
    String n = message.getAttributesOrThrow("n");
    boolean first = seen.add(n);
    if (!message.getOrderingKey().isEmpty()) {
      Integer before = last.put(message.getOrderingKey(), Integer.valueOf(n));
      if (before != null && before >= Integer.parseInt(n)) disorder++;
    }
    int wanted = kind.equals("nack") ? 2 * count : count;
    if (seen.size() == count && received >= wanted) done.countDown();
    return first && kind.equals("nack");
  }

  private void receive(TransportChannelProvider channel, String subscription) throws Exception {
    MessageReceiver receiver =
        (message, reply) -> {
          if (take(message)) {
            reply.nack();
          } else {
            reply.ack();
          }
        };
    Subscriber subscriber =
        Subscriber.newBuilder(subscription, receiver)
            .setChannelProvider(channel)
            .setCredentialsProvider(NoCredentialsProvider.create())
            .build();
    subscriber.startAsync().awaitRunning();
    boolean all = done.await(120, TimeUnit.SECONDS);
    subscriber.stopAsync().awaitTerminated(60, TimeUnit.SECONDS);
    if (!all) throw new IllegalStateException("only " + seen.size() + " of " + count + " came");
  }

  public static void main(String[] args) throws Exception {
    Client client = new Client(args[0], Integer.parseInt(args[3]));
    ManagedChannel plain =
        ManagedChannelBuilder.forTarget(System.getenv("PUBSUB_EMULATOR_HOST"))
            .usePlaintext()
            .maxInboundMessageSize(20 << 20)
            .build();
    TransportChannelProvider channel =
        FixedTransportChannelProvider.create(GrpcTransportChannel.create(plain));
    client.publish(channel, args[1], Integer.parseInt(args[4]));
    client.receive(channel, args[2]);
    plain.shutdownNow();
    System.out.printf(
        "{\"distinct\":%d,\"received\":%d,\"disorder\":%d}%n",
        client.seen.size(), client.received, client.disorder);
    System.exit(0);
  }
}
