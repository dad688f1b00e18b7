// The Go checksum database's own code (golang.org/x/mod/sumdb) judges a log that Tocsin wrote:
// verifier DIR-OR-URL VKEY [PROOF ENTRY [FIRST]], where FIRST is the first entry that was not pruned. It reads the folder's checkpoint, every tile and every entry, and
// a proof; exit status 0 means that all of it holds.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, words ...any) {
	fmt.Printf("bad: "+format+"\n", words...)
	os.Exit(1)
}

// C2SP's tiles are of height 8 and do not say so in their path. A folder may be a URL.
type folder string

func (f folder) read(path string) ([]byte, error) {
	if !strings.HasPrefix(string(f), "http") {
		return os.ReadFile(filepath.Join(string(f), path))
	}
	answer, err := http.Get(string(f) + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

func (f folder) Height() int { return 8 }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := f.read(path)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) entries(number, width int64) [][]byte {
	tile := tlog.Tile{H: 8, L: -1, N: number, W: int(width)}
	path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
	data, err := f.read(path)
	if err != nil {
		fail("%v", err)
	}
	var all [][]byte
	for len(data) >= 2 {
		size := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+size {
			fail("%s is cut off", path)
		}
		all = append(all, data[2:2+size])
		data = data[2+size:]
	}
	return all
}

// A checkpoint's text has the form of the checksum database's tree but for its first line.
func readTree(text string, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		fail("%v", err)
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || lines[0] != verifier.Name() {
		fail("the checkpoint is of %q", lines[0])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		fail("%v", err)
	}
	return tlog.Tree{N: size, Hash: root}
}

func checkEntries(f folder, tree tlog.Tree, first int64) {
	reader := tlog.TileHashReader(tree, f)
	for at := first; at < tree.N; at += 256 {
		width := min(256, tree.N-at)
		var indexes []int64
		entries := f.entries(at/256, width)
		if int64(len(entries)) != width {
			fail("bundle %d has %d entries, expected %d", at/256, len(entries), width)
		}
		for i := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, at+int64(i)))
		}
		hashes, err := reader.ReadHashes(indexes) // each tile is checked against the root
		if err != nil {
			fail("%v", err)
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != hashes[i] {
				fail("entry %d", at+int64(i))
			}
		}
	}
}

func checkProof(path, entry string, verifier note.Verifier) {
	data, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	bytes, err := os.ReadFile(entry)
	if err != nil {
		fail("%v", err)
	}
	head, checkpoint, _ := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		fail("%s is no proof", path)
	}
	index, err := strconv.ParseInt(lines[1][6:], 10, 64)
	if err != nil {
		fail("%v", err)
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			fail("%q is no hash", line)
		}
		proof = append(proof, tlog.Hash(raw))
	}
	tree := readTree(checkpoint, verifier)
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(bytes)); err != nil {
		fail("%v", err)
	}
}

func main() {
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		fail("%v", err)
	}
	f := folder(os.Args[1])
	text, err := f.read("checkpoint")
	if err != nil {
		fail("%v", err)
	}
	tree := readTree(string(text), verifier)
	first := int64(0)
	if len(os.Args) == 6 {
		if first, err = strconv.ParseInt(os.Args[5], 10, 64); err != nil {
			fail("%v", err)
		}
	}
	checkEntries(f, tree, first)
	if len(os.Args) >= 5 {
		checkProof(os.Args[3], os.Args[4], verifier)
	}
	fmt.Printf("good: %d entries\n", tree.N)
}
