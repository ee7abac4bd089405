module hotspan.test/pprofserver

go 1.22
