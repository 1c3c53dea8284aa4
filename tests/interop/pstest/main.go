// Google's own fake of the service, as a server for our client: prints its address on
// a line of its own and serves until its standard input ends.
package main

import (
	"fmt"
	"io"
	"os"

	"cloud.google.com/go/pubsub/v2/pstest"
)

func main() {
	server := pstest.NewServer()
	fmt.Println(server.Addr)
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = server.Close()
}
