package org.ferrule.bench;

import com.google.api.core.ApiFuture;
import com.google.api.gax.batching.BatchingSettings;
import com.google.api.gax.batching.FlowControlSettings;
import com.google.api.gax.batching.FlowController;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.cloud.pubsub.v1.MessageReceiver;
import com.google.cloud.pubsub.v1.Publisher;
import com.google.cloud.pubsub.v1.Subscriber;
import com.google.protobuf.ByteString;
import com.google.pubsub.v1.ProjectSubscriptionName;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.TopicName;
import com.sun.management.OperatingSystemMXBean;
import io.grpc.ManagedChannelBuilder;
import java.io.BufferedReader;
import java.io.FileReader;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Google's Java client as a peer of the benchmarks.
 *
 * <pre>
 *   Peer receive SUBSCRIPTION WARM_SECONDS SECONDS
 *   Peer publish TOPIC PAYLOAD_BYTES WARM_SECONDS SECONDS
 * </pre>
 *
 * PUBSUB_EMULATOR_HOST names the server. Prints one line of JSON as the other peers do;
 * what came before the end of the warm-up is not counted.
 */
public final class Peer {
  private static final long WINDOW = 64L << 20;

  private static TransportChannelProvider channel() {
    String target = System.getenv("PUBSUB_EMULATOR_HOST");
    return FixedTransportChannelProvider.create(
        GrpcTransportChannel.create(
            ManagedChannelBuilder.forTarget(target)
                .usePlaintext()
                .maxInboundMessageSize(20 << 20)
                .build()));
  }

  private static double cpuSeconds() {
    OperatingSystemMXBean os =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return os.getProcessCpuTime() / 1e9;
  }

  private static long maxRssKb() throws Exception {
    try (BufferedReader status = new BufferedReader(new FileReader("/proc/self/status"))) {
      for (String line; (line = status.readLine()) != null; ) {
        if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return 0;
  }

  private static void measure(AtomicLong messages, AtomicLong bytes, long warm, long seconds)
      throws Exception {
    TimeUnit.SECONDS.sleep(warm);
    long messages0 = messages.get();
    long bytes0 = bytes.get();
    double cpu0 = cpuSeconds();
    long started = System.nanoTime();
    TimeUnit.SECONDS.sleep(seconds);
    System.out.printf(
        "{\"messages\":%d,\"bytes\":%d,\"seconds\":%f,\"cpu_seconds\":%f,\"max_rss_kb\":%d}%n",
        messages.get() - messages0,
        bytes.get() - bytes0,
        (System.nanoTime() - started) / 1e9,
        cpuSeconds() - cpu0,
        maxRssKb());
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static void receive(String subscription, long warm, long seconds) throws Exception {
    AtomicLong messages = new AtomicLong();
    AtomicLong bytes = new AtomicLong();
    MessageReceiver receiver =
        (message, consumer) -> {
          messages.incrementAndGet();
          bytes.addAndGet(message.getData().size());
          consumer.ack();
        };
    Subscriber.newBuilder(ProjectSubscriptionName.of("bench", subscription), receiver)
        .setChannelProvider(channel())
        .setCredentialsProvider(NoCredentialsProvider.create())
        .setFlowControlSettings(
            FlowControlSettings.newBuilder()
                .setMaxOutstandingElementCount(100000L)
                .setMaxOutstandingRequestBytes(1L << 28)
                .build())
        .build()
        .startAsync();
    measure(messages, bytes, warm, seconds);
  }

  private static void publish(String topic, int size, long warm, long seconds)
      throws Exception {
    Publisher publisher =
        Publisher.newBuilder(TopicName.of("bench", topic))
            .setChannelProvider(channel())
            .setCredentialsProvider(NoCredentialsProvider.create())
            .setBatchingSettings(
                BatchingSettings.newBuilder()
                    .setElementCountThreshold(1000L)
                    .setRequestByteThreshold(1L << 20)
                    .setFlowControlSettings(
                        FlowControlSettings.newBuilder()
                            .setMaxOutstandingElementCount(1000000L)
                            .setMaxOutstandingRequestBytes(WINDOW)
                            .setLimitExceededBehavior(
                                FlowController.LimitExceededBehavior.Block)
                            .build())
                    .build())
            .build();
    byte[] raw = new byte[size];
    new Random(1).nextBytes(raw);
    ByteString payload = ByteString.copyFrom(raw);
    AtomicLong messages = new AtomicLong();
    AtomicLong bytes = new AtomicLong();
    Thread sender = new Thread(() -> publishForEver(publisher, payload, messages, bytes));
    sender.setDaemon(true);
    sender.start();
    measure(messages, bytes, warm, seconds);
  }

  private static void publishForEver(
      Publisher publisher, ByteString payload, AtomicLong messages, AtomicLong bytes) {
    ArrayDeque<ApiFuture<String>> pending = new ArrayDeque<>();
    for (; ; ) {
      pending.add(publisher.publish(PubsubMessage.newBuilder().setData(payload).build()));
      while (!pending.isEmpty() && (pending.peek().isDone() || pending.size() > 100000)) {
        try {
          pending.poll().get();
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
        messages.incrementAndGet();
        bytes.addAndGet(payload.size());
      }
    }
  }

  public static void main(String[] args) throws Exception {
    if (args.length == 4 && args[0].equals("receive")) {
      receive(args[1], Long.parseLong(args[2]), Long.parseLong(args[3]));
    } else if (args.length == 5 && args[0].equals("publish")) {
      publish(
          args[1], Integer.parseInt(args[2]), Long.parseLong(args[3]), Long.parseLong(args[4]));
    } else {
      System.err.println("usage: Peer receive S WARM SECONDS | publish T BYTES WARM SECONDS");
      System.exit(2);
    }
  }
}
