package main

import (
	"slices"

	"github.com/prometheus/procfs"
)

// stat is the record. Its counters grow from boot on, so a record that is lost costs resolution but no data.
type stat struct {
	Load    load              `json:"load"`
	Memory  memory            `json:"memory"`
	CPU     cpu               `json:"cpu"`
	Network map[string]device `json:"network"` // by interface
}

// load is the average number of processes that run or wait to, over so many minutes.
type load struct {
	M1  float64 `json:"1m"`
	M5  float64 `json:"5m"`
	M15 float64 `json:"15m"`
}

// memory leaves out what the kernel does not report.
type memory struct {
	Total     *uint64 `json:"total_bytes,omitempty"`
	Available *uint64 `json:"available_bytes,omitempty"`
	Free      *uint64 `json:"free_bytes,omitempty"`
	Buffers   *uint64 `json:"buffers_bytes,omitempty"`
	Cached    *uint64 `json:"cached_bytes,omitempty"`
	SwapTotal *uint64 `json:"swap_total_bytes,omitempty"`
	SwapFree  *uint64 `json:"swap_free_bytes,omitempty"`
}

// cpu is the time that all processors together have spent since boot.
type cpu struct {
	Count   int     `json:"count"` // processors
	User    float64 `json:"user_seconds"`
	Nice    float64 `json:"nice_seconds"`
	System  float64 `json:"system_seconds"`
	Idle    float64 `json:"idle_seconds"`
	IOWait  float64 `json:"iowait_seconds"`
	IRQ     float64 `json:"irq_seconds"`
	SoftIRQ float64 `json:"softirq_seconds"`
	Steal   float64 `json:"steal_seconds"`
}

type device struct {
	Receive  traffic `json:"receive"`
	Transmit traffic `json:"transmit"`
}

// traffic counts since the interface came up.
type traffic struct {
	Bytes   uint64 `json:"bytes"`
	Packets uint64 `json:"packets"`
	Errors  uint64 `json:"errors"`
	Dropped uint64 `json:"dropped"`
}

// read takes one reading. interfaces are those to report, all but lo if empty.
func read(proc procfs.FS, interfaces []string) (stat, error) {
	avg, err := proc.LoadAvg()
	if err != nil {
		return stat{}, err
	}
	mem, err := proc.Meminfo()
	if err != nil {
		return stat{}, err
	}
	times, err := proc.Stat()
	if err != nil {
		return stat{}, err
	}
	devices, err := proc.NetDev()
	if err != nil {
		return stat{}, err
	}
	return stat{
		Load:    load{avg.Load1, avg.Load5, avg.Load15},
		Memory:  memoryOf(mem),
		CPU:     cpuOf(times),
		Network: networkOf(devices, interfaces),
	}, nil
}

func memoryOf(m procfs.Meminfo) memory {
	return memory{
		Total:     m.MemTotalBytes,
		Available: m.MemAvailableBytes,
		Free:      m.MemFreeBytes,
		Buffers:   m.BuffersBytes,
		Cached:    m.CachedBytes,
		SwapTotal: m.SwapTotalBytes,
		SwapFree:  m.SwapFreeBytes,
	}
}

func cpuOf(s procfs.Stat) cpu {
	all := s.CPUTotal
	return cpu{
		Count:   len(s.CPU),
		User:    all.User,
		Nice:    all.Nice,
		System:  all.System,
		Idle:    all.Idle,
		IOWait:  all.Iowait,
		IRQ:     all.IRQ,
		SoftIRQ: all.SoftIRQ,
		Steal:   all.Steal,
	}
}

func networkOf(devices procfs.NetDev, interfaces []string) map[string]device {
	network := make(map[string]device)
	for name, d := range devices {
		if wanted(name, interfaces) {
			network[name] = device{
				Receive:  traffic{d.RxBytes, d.RxPackets, d.RxErrors, d.RxDropped},
				Transmit: traffic{d.TxBytes, d.TxPackets, d.TxErrors, d.TxDropped},
			}
		}
	}
	return network
}

func wanted(name string, interfaces []string) bool {
	if len(interfaces) == 0 {
		return name != "lo"
	}
	return slices.Contains(interfaces, name)
}
