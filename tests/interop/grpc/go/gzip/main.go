// The compressed cases of gRPC's interoperability tests, which grpc-go's own programs leave out.
//
// "gzip server" prints its port, "gzip client PORT" makes a few calls; both print a line for each
// call that ended: how many messages came and went, and how many of them compressed.
// Source: grpc/doc/interop-test-descriptions.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

const patience = 60 * time.Second

// What a call's messages looked like on the wire.
type tally struct {
	method                   string
	in, gzipIn, out, gzipOut int
	lastWasCompressed        bool
}

type tallyKey struct{}

type watch struct{ ended func(*tally) }

func (w watch) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, tallyKey{}, &tally{method: info.FullMethodName})
}

func (w watch) HandleRPC(ctx context.Context, event stats.RPCStats) {
	t := ctx.Value(tallyKey{}).(*tally)
	switch e := event.(type) {
	case *stats.InPayload:
		t.in++
		t.lastWasCompressed = e.CompressedLength != e.Length
		if t.lastWasCompressed {
			t.gzipIn++
		}
	case *stats.OutPayload:
		t.out++
		if e.CompressedLength != e.Length {
			t.gzipOut++
		}
	case *stats.End:
		w.ended(t)
	}
}

func (watch) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (watch) HandleConn(context.Context, stats.ConnStats)                       {}

func (t *tally) String() string {
	return fmt.Sprintf("%s in %d gzip %d out %d gzip %d", t.method, t.in, t.gzipIn, t.out, t.gzipOut)
}

// ---- server ----

type service struct {
	pb.UnimplementedTestServiceServer
}

func checkCompressed(ctx context.Context, expected *pb.BoolValue) error {
	was := ctx.Value(tallyKey{}).(*tally).lastWasCompressed
	if expected != nil && expected.Value != was {
		return status.Errorf(codes.InvalidArgument, "compressed: %v", was)
	}
	return nil
}

// Where it is not said, grpc-go answers as it was asked.
func compress(ctx context.Context, wanted *pb.BoolValue) error {
	switch {
	case wanted == nil:
		return nil
	case wanted.Value:
		return grpc.SetSendCompressor(ctx, gzip.Name)
	default:
		return grpc.SetSendCompressor(ctx, encoding.Identity)
	}
}

func zeros(size int32) *pb.Payload { return &pb.Payload{Body: make([]byte, size)} }

func (service) UnaryCall(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	if err := checkCompressed(ctx, in.ExpectCompressed); err != nil {
		return nil, err
	}
	if err := compress(ctx, in.ResponseCompressed); err != nil {
		return nil, err
	}
	return &pb.SimpleResponse{Payload: zeros(in.ResponseSize)}, nil
}

func (service) StreamingInputCall(stream pb.TestService_StreamingInputCallServer) error {
	var sum int32
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&pb.StreamingInputCallResponse{AggregatedPayloadSize: sum})
		}
		if err != nil {
			return err
		}
		if err := checkCompressed(stream.Context(), in.ExpectCompressed); err != nil {
			return err
		}
		sum += int32(len(in.Payload.GetBody()))
	}
}

func (service) StreamingOutputCall(
	in *pb.StreamingOutputCallRequest, stream pb.TestService_StreamingOutputCallServer,
) error {
	for i, p := range in.ResponseParameters {
		if i == 0 {
			if err := compress(stream.Context(), p.Compressed); err != nil {
				return err
			}
		}
		if err := stream.Send(&pb.StreamingOutputCallResponse{Payload: zeros(p.Size)}); err != nil {
			return err
		}
	}
	return nil
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.StatsHandler(watch{func(t *tally) { fmt.Println(t) }}))
	pb.RegisterTestServiceServer(server, service{})
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

// ---- client ----

func expect(what string, want, got any) error {
	if want != got {
		return fmt.Errorf("%s: %v, not %v", what, got, want)
	}
	return nil
}

func unary(ctx context.Context, client pb.TestServiceClient, compressed bool) error {
	out, err := client.UnaryCall(ctx, &pb.SimpleRequest{
		ResponseSize:       314159,
		Payload:            zeros(271828),
		ResponseCompressed: &pb.BoolValue{Value: compressed},
	})
	if err != nil {
		return err
	}
	return expect("response", 314159, len(out.Payload.GetBody()))
}

func input(ctx context.Context, client pb.TestServiceClient) error {
	stream, err := client.StreamingInputCall(ctx)
	if err != nil {
		return err
	}
	for _, size := range []int32{27182, 45904} {
		if err := stream.Send(&pb.StreamingInputCallRequest{Payload: zeros(size)}); err != nil {
			return err
		}
	}
	out, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	return expect("sum", int32(73086), out.AggregatedPayloadSize)
}

func output(ctx context.Context, client pb.TestServiceClient) error {
	stream, err := client.StreamingOutputCall(ctx, &pb.StreamingOutputCallRequest{
		ResponseParameters: []*pb.ResponseParameters{
			{Size: 31415, Compressed: &pb.BoolValue{Value: true}},
			{Size: 92653, Compressed: &pb.BoolValue{Value: false}},
		},
	})
	if err != nil {
		return err
	}
	for _, size := range []int{31415, 92653} {
		out, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := expect("response", size, len(out.Payload.GetBody())); err != nil {
			return err
		}
	}
	_, err = stream.Recv()
	return expect("end", io.EOF, err)
}

func ask(port string) error {
	connection, err := grpc.NewClient("127.0.0.1:"+port,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name)),
		grpc.WithStatsHandler(watch{func(t *tally) { fmt.Println(t) }}))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client := pb.NewTestServiceClient(connection)
	if err := unary(ctx, client, true); err != nil {
		return err
	}
	if err := unary(ctx, client, false); err != nil {
		return err
	}
	if err := input(ctx, client); err != nil {
		return err
	}
	return output(ctx, client)
}

func main() {
	err := errors.New("usage: gzip server | gzip client PORT")
	switch {
	case len(os.Args) == 2 && os.Args[1] == "server":
		err = serve()
	case len(os.Args) == 3 && os.Args[1] == "client":
		err = ask(os.Args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
