# The commands of CONTRIBUTING.md.

.PHONY: test quick check bench run

test: ## every test, as in the README
	go test -v ./...

quick: ## tests that need no C compiler
	CGO_ENABLED=0 go test ./...

check: ## all that CI runs
	.ci/run

bench: ## every benchmark, six times: for benchstat
	go test -run '^$$' -bench . -count 6 ./...

run: ## records of this machine through the embedded engine
	go run ./cmd/flbgo run examples/in_procstat
