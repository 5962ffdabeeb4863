# A storm in eight parts: a batch job of Nomad. docs/scale-out.md tells more.
#
#   nomad job run nomad.hcl
#   onhook-harness merge /srv/onhook-results/part-*.json --out whole.json --html whole.html
#
# The image runs as user 65532, who has to be allowed to write to the volume. To change: the image, the host volume, which all clients have to share, and the number of parts, which stands in count
# and behind the / of --shard.
job "onhook-storm" {
  type = "batch"

  group "part" {
    count = 8

    # A part that is lost is played again under its index.
    reschedule {
      attempts  = 3
      interval  = "24h"
      unlimited = false
    }
    restart {
      attempts = 2
      mode     = "fail"
    }

    volume "results" {
      type   = "host"
      source = "onhook-results"
    }

    task "storm" {
      driver = "docker"

      config {
        image = "registry.example/onhook-harness:0.1.0"
        # The index counts from 0; --shard takes it as it is, so that nobody has to add anything.
        args = ["storm", "--phones", "1000000", "--days", "7", "--scenario", "/local/storm.toml",
                "--shard", "env:NOMAD_ALLOC_INDEX/8",
                "--out", "/results/part-${NOMAD_ALLOC_INDEX}.json"]
      }

      template {
        destination = "local/storm.toml"
        data        = <<EOT
capacity = 5000.0
latency_ms = 50
[params]
Profile_Rule = "https://prov.example/$MA.xml"
Resync_Random_Delay = "600"
Resync_Periodic = "3600+600"
EOT
      }

      volume_mount {
        volume      = "results"
        destination = "/results"
      }

      resources {
        cpu    = 1000
        memory = 256
      }
    }
  }
}
