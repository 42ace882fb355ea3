package config

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// quickly has the rules that are judged without validator, on all kinds.
type quickly struct {
	Int    int            `validate:"min=-3,max=0x10"`
	Open   int8           `validate:"gt=-3,lt=16"`
	Uint   uint16         `validate:"gte=1,lte=500"`
	Float  float64        `validate:"gt=-0.5,lte=1e3"`
	Small  float32        `validate:"min=0.1"`
	Wait   time.Duration  `validate:"min=1s,max=60000000000"`
	Size   Size           `validate:"max=4000000"`
	Text   string         `validate:"omitempty,min=2,max=3"`
	Mode   mode           `validate:"omitempty,oneof=a b 'c d'"`
	List   []string       `validate:"omitempty,min=2,lt=4"`
	Labels map[string]int `validate:"max=1"`
	Ptr    *int           `validate:"omitempty,min=1"`
	Must   *int           `validate:"min=1"`
	Low    int
	High   int           `validate:"gtefield=Low"`
	Same   int           `validate:"omitempty,eqfield=Low"`
	More   time.Duration `validate:"gtfield=Wait"`
	Other  int64         `validate:"omitempty,ltefield=Low"` // another type
	Host   string        `validate:"omitempty,hostname"`
	Group  *struct {
		N int `validate:"min=1"`
		M int `validate:"ltfield=N"`
	}
}

type mode string

// slowTwin is p with all rules left to validator.
func slowTwin(p *Plan) *Plan {
	slow := *p
	slow.fields = append([]field(nil), p.fields...)
	for i := range slow.fields {
		slow.fields[i].quick = nil
	}
	slow.rest = slow.checks
	return &slow
}

func quicklyPlan(t testing.TB) *Plan {
	p, err := Compile(reflect.TypeFor[quickly]())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// right are values that no rule refuses.
func right() Properties {
	return Properties{"uint": "1", "small": "1", "wait": "1", "must": "1", "more": "2"}
}

func TestQuickRules(t *testing.T) {
	t.Parallel()
	p := quicklyPlan(t)
	if _, err := p.Bind(right()); err != nil {
		t.Fatal(err)
	}
	slow := 0
	for i := range p.fields {
		if p.fields[i].quick == nil {
			slow++
		}
	}
	if slow != 4 { // Small, Low, Other and Host
		t.Errorf("%d properties are left to validator, want 4", slow)
	}
	texts := []string{"0", "1", "-1", "2", "3", "4", "16", "17", "-3", "-4", "500", "501", "1000", "0.5", "60", "61", "a", "abcd", "é", "a,b",
		"a,b,c,d", "a=1", "a=1,b=2", "c d", "4M", "4001K", "a b"}
	for _, f := range p.fields {
		for _, text := range texts {
			compareTwins(t, p, f.name, text)
		}
	}
}

func FuzzQuickRules(f *testing.F) {
	p := quicklyPlan(f)
	f.Add("17")
	f.Add("1m0.1s")
	f.Fuzz(func(t *testing.T, text string) {
		for i := range p.fields {
			compareTwins(t, p, p.fields[i].name, text)
		}
	})
}

func compareTwins(t *testing.T, p *Plan, name, text string) {
	t.Helper()
	src := right()
	src[name] = text
	_, quick := p.Bind(src)
	_, slow := slowTwin(p).Bind(src)
	if fmt.Sprint(quick) != fmt.Sprint(slow) {
		t.Errorf("Bind(%s=%q) = %v, and by validator alone %v, want the same", name, text, quick, slow)
	}
}
